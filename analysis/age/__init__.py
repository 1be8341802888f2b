"""When tissue was formed: radiocarbon calibration."""
