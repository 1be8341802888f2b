"""Pictures for the browser's fake camera, made from our own labels' payload."""

import qrcode
from PIL import Image

WIDTH, HEIGHT = 640, 480


def y4m_of_label(payload: str) -> bytes:
    """A YUV4MPEG2 clip of two equal frames: a QR code on grey, as Chromium's fake capture device reads it."""
    scene = Image.new("L", (WIDTH, HEIGHT), 110)
    code = qrcode.make(payload, box_size=9).get_image().convert("L")
    scene.paste(code, ((WIDTH - code.width) // 2, (HEIGHT - code.height) // 2))
    luma = scene.tobytes()
    chroma = bytes([128]) * (WIDTH * HEIGHT // 2)
    header = f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420jpeg\n".encode()
    return header + 2 * (b"FRAME\n" + luma + chroma)
