/* Scanning works everywhere: a wedge scanner types its code wherever focus is, the camera sees codes, both end in the same place.
   That place is a list to be ticked (`[data-scan-list]`), the form of a scan session on the page
   (`form[data-scan-form="session"]`) or else the field in the top bar. */
(() => {
  "use strict";

  const FAST = 45;        // ms between two keys of a wedge scanner, as the median of a burst; people need 80 or more
  const SHORTEST = 6;     // a code has at least so many signs
  const PAUSE = 150;      // ms without another key: the burst is over, and a single key counts as a command

  const target = () => document.querySelector('form[data-scan-form="session"]') || document.querySelector("form[data-scan-form]");
  const codeField = (form) => form && form.querySelector('input[name="code"]');
  const editable = (element) => element instanceof HTMLElement &&
    (element.isContentEditable || element.matches("textarea, select, input:not([type=checkbox], [type=radio], [type=button], [type=submit])"));

  /* A hand-over: the scan ticks the item that lies there. What is not on the list is said, and nothing else happens. */
  const plain = (text) => text.toUpperCase().replace(/^.*\/X\//, "").replace(/\s/g, "");

  function tick(text) {
    const list = document.querySelector("[data-scan-list]");
    if (!list) return false;
    const says = list.querySelector("[data-scan-says]");
    const line = [...list.querySelectorAll("[data-scan-code]")].find((one) => plain(text) === one.dataset.scanCode || plain(text) === one.dataset.reference);
    const box = line && line.querySelector('input[type="checkbox"]');
    if (box) {
      box.checked = true;
      box.focus();
    }
    says.textContent = `${line ? line.dataset.reference : text}: ${box ? says.dataset.taken : says.dataset.refused}`;
    sound(box ? "taken" : "refused");
    return true;
  }

  function submitCode(text) {
    if (tick(text)) return true;
    const form = target();
    const field = codeField(form);
    if (!field) return false;
    field.value = text;
    form.requestSubmit();
    return true;
  }

  /* The code is on its way: the field is free for the next scan, however this one was sent. */
  document.addEventListener("htmx:beforeRequest", (event) => {
    if (event.detail.elt.matches('form[data-scan-form="session"]')) codeField(event.detail.elt).value = "";
  });

  /* ---- wedge scanner: a burst of keys that ends with Enter or Tab ---- */

  let burst = null;       // {text, last, gaps, field, before: {value, start, end}}
  let single = 0;

  function begin(event) {
    const field = editable(event.target) ? event.target : null;
    const before = field && "value" in field ? { value: field.value, start: field.selectionStart, end: field.selectionEnd } : null;
    burst = { text: "", last: event.timeStamp, gaps: [], field, before };
  }

  /* The median, because one key of a scan may come late when the machine is busy. Outside any field nobody types words:
     slow scanners count there too. */
  function byMachine({ text, gaps, field }) {
    const sorted = [...gaps].sort((one, other) => one - other);
    return text.length >= SHORTEST && sorted[Math.floor(sorted.length / 2)] < (field ? FAST : PAUSE);
  }

  function endOfScan(event) {
    const { text, field, before } = burst;
    const scanned = byMachine(burst);
    burst = null;
    if (!scanned) return;
    const right = field && field === codeField(target()) && !document.querySelector("[data-scan-list]");
    if (right) return;                                              // it stands in the right field: Enter submits it
    event.preventDefault();
    event.stopPropagation();
    if (field && field.matches("[data-takes-scan]")) return;        // this field asks for a code: keep it, do not send the form
    if (before) {
      field.value = before.value;
      if (before.start !== null) field.setSelectionRange(before.start, before.end);
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
    submitCode(text);
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing) { burst = null; return; }
    const gap = burst ? event.timeStamp - burst.last : Infinity;
    const quick = gap < PAUSE;
    if ((event.key === "Enter" || event.key === "Tab") && quick) { endOfScan(event); return; }
    if (event.key.length !== 1) { if (event.key !== "Shift") burst = null; return; }
    if (quick) burst.gaps.push(gap); else begin(event);
    burst.text += event.key;
    burst.last = event.timeStamp;
    commandSoon(event, quick);
  }, true);

  /* ---- single keys are commands only when no other key follows: a scan is never taken for a command ---- */

  function commandSoon(event, quick) {
    clearTimeout(single);
    if (quick || editable(event.target) || document.body.dataset.keys === "off") return;
    const { key } = event;
    if (key === "/") event.preventDefault();                        // some browsers open their own search
    single = setTimeout(() => {
      burst = null;
      if (key === "/") focusField();
      else document.dispatchEvent(new CustomEvent("spoor:key", { detail: key }));
    }, PAUSE);
  }

  function focusField() {
    const field = codeField(target());
    if (field) { field.focus(); field.select(); }
  }

  /* ---- a sound for each result: short high = taken, two low = refused; the text says it too ---- */

  let audio = null;
  function tone(frequency, at, length) {
    const oscillator = audio.createOscillator();
    const gain = audio.createGain();
    oscillator.frequency.value = frequency;
    gain.gain.value = 0.15;
    oscillator.connect(gain).connect(audio.destination);
    oscillator.start(audio.currentTime + at);
    oscillator.stop(audio.currentTime + at + length);
  }
  function sound(outcome) {
    if (!navigator.userActivation || !navigator.userActivation.hasBeenActive) return;
    audio = audio || new AudioContext();
    if (outcome === "refused") { tone(196, 0, 0.12); tone(165, 0.18, 0.16); } else tone(1318, 0, 0.09);
  }
  document.addEventListener("htmx:load", (event) => {
    const part = event.detail.elt;
    const result = part.matches && (part.matches("[data-outcome]") ? part : part.querySelector("[data-outcome]"));
    if (result) sound(result.dataset.outcome);
  });

  /* ---- camera: the browser reads codes itself, or frames go to the server ---- */

  const AGAIN = 2500;     // ms before the same code counts again
  const BETWEEN = 350;    // ms between two looks

  class Camera {
    constructor(viewer) {
      this.viewer = viewer;
      this.video = viewer.querySelector("video");
      this.says = viewer.querySelector("[data-camera-says]");
      this.toggle = viewer.querySelector("[data-camera-toggle]");
      this.torch = viewer.querySelector("[data-camera-torch]");
      this.canvas = document.createElement("canvas");
      this.detector = null;
      this.stream = null;
      this.seen = { text: "", at: 0 };
      viewer.hidden = false;
      this.toggle.addEventListener("click", () => (this.stream ? this.stop() : this.start()));
      this.torch.addEventListener("click", () => this.light());
    }

    async start() {
      if (!navigator.mediaDevices) { this.says.textContent = this.viewer.dataset.insecure; return; }
      try {
        this.stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "environment", width: { ideal: 1280 } } });
      } catch {
        this.says.textContent = this.viewer.dataset.refused;
        return;
      }
      this.video.srcObject = this.stream;
      await this.video.play();
      this.detector = await this.makeDetector();
      const track = this.stream.getVideoTracks()[0];
      const able = track.getCapabilities ? track.getCapabilities() : {};
      this.torch.hidden = !able.torch;
      this.toggle.textContent = this.toggle.dataset.on;
      this.says.textContent = this.viewer.dataset.ready;
      this.look();
    }

    stop() {
      this.stream.getTracks().forEach((track) => track.stop());
      this.stream = null;
      this.video.srcObject = null;
      this.torch.hidden = true;
      this.toggle.textContent = this.toggle.dataset.off;
    }

    light() {
      this.lit = !this.lit;
      this.stream.getVideoTracks()[0].applyConstraints({ advanced: [{ torch: this.lit }] });
    }

    async makeDetector() {
      if (!("BarcodeDetector" in window)) return null;
      const wanted = ["qr_code", "data_matrix", "code_128", "code_39", "pdf417"];
      const able = await BarcodeDetector.getSupportedFormats();
      const formats = wanted.filter((format) => able.includes(format));
      return formats.length ? new BarcodeDetector({ formats }) : null;
    }

    async look() {
      while (this.stream) {
        const text = this.video.readyState >= 2 ? await this.read() : "";
        if (text) this.found(text);
        await new Promise((resolve) => setTimeout(resolve, BETWEEN));
      }
    }

    async read() {
      try {
        if (this.detector) {
          const codes = await this.detector.detect(this.video);
          return codes.length ? codes[0].rawValue : "";
        }
        return await this.ask();
      } catch {
        return "";        // one frame failed; the next comes in a third of a second
      }
    }

    async ask() {
      const { videoWidth, videoHeight } = this.video;
      this.canvas.width = videoWidth;
      this.canvas.height = videoHeight;
      this.canvas.getContext("2d").drawImage(this.video, 0, 0);
      const picture = await new Promise((resolve) => this.canvas.toBlob(resolve, "image/jpeg", 0.8));
      const body = new FormData();
      body.append("photo", picture, "frame.jpg");
      const headers = JSON.parse(document.body.getAttribute("hx-headers"));
      const answer = await fetch(document.body.dataset.decode, { method: "POST", body, headers });
      if (!answer.ok) return "";
      const { codes } = await answer.json();
      return codes.length ? codes[0].text : "";
    }

    found(text) {
      const now = performance.now();
      if (text === this.seen.text && now - this.seen.at < AGAIN) return;
      this.seen = { text, at: now };
      this.says.textContent = `${this.viewer.dataset.read} ${text}`;
      submitCode(text);
    }
  }

  const cameras = (root) => root.querySelectorAll("[data-camera]").forEach((viewer) => {
    if (!viewer.dataset.ready_made) { viewer.dataset.ready_made = "1"; new Camera(viewer); }
  });
  cameras(document);
  document.addEventListener("htmx:load", (event) => cameras(event.detail.elt));
})();
