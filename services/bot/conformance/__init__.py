"""Cards that a venue must pass, played by Hummingbot's own connector with nothing changed but its addresses."""
