#!/usr/bin/env python3
"""Takes assets/screen.png and the pictures of the guide: the page in a real terminal (tmux) with a dark background, which
the page asks for, on made-up keys, at a fixed time.

    apt-get install faketime fonts-dejavu-core python3-pil tmux
    cargo build && /usr/bin/python3 assets/screen.py target/debug/latchkey
"""
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont

NOW = "2026-11-26 10:00:00"
COLUMNS, ROWS = 80, 24
# Label, owner, created, expiry ("" is never), last use ("" is never), whether it is deactivated.
KEYS = [
    ("nightly backup", "ops@example.com", "2026-03-09 08:12:40", "", "2026-11-26 09:38:21", False),
    ("Grafana", "Platform", "2026-05-30 13:01:05", "", "2026-11-26 09:15:52", False),
    ("helpdesk bot", "Service Desk", "2025-07-15 09:44:30", "", "2026-11-26 08:57:13", False),
    ("inventory scan", "ops@example.com", "2025-11-01 16:20:11", "2027-10-31", "2026-11-24 03:00:04", False),
    ("SSO bridge (old)", "Priya", "2024-02-06 10:31:46", "", "2026-11-24 17:09:33", True),
    ("Zeiterfassung Zürich", "HR", "2024-10-14 07:55:02", "", "2026-11-20 06:30:00", False),
    ("billing export", "Finance", "2024-12-22 11:18:27", "2026-10-31", "2026-10-30 23:05:10", False),
    ("CI: release", "Platform", "2026-11-25 14:47:09", "2027-02-23", "", False),
]
NOTE = "secret in pass: backup/api; rotate with the tape job"
# Rotated a while ago: who has the new key uses it, and nobody the old one.
ROTATED, ROTATED_AT, NEW_USED = "inventory scan", "2026-11-24 15:20:00", "2026-11-26 03:00:04"
# Each picture: what is pressed for it, what it then shows, and what is pressed to be back at the list.
PICTURES = {
    "screen": (["4", "Home", "Enter"], "from local", ["Enter"]),  # sorted by the last use, with the details
    "guide/pictures/views": (["v"], "Views", ["Escape"]),
    "guide/pictures/overview": (["O"], "Overview", ["Escape"]),
    "guide/pictures/history": (["Home", "h"], "History of", ["Escape"]),
    "guide/pictures/rotation": (["/", *"inventory", "Enter", "R"], "Old key used", ["Escape", "Escape"]),
    "guide/pictures/many": (["Home", "Space", "Space", "Space", "d"], "Delete 3", ["Escape", "Escape"]),
    "guide/pictures/new-key": (["c", *"report", "Enter"], "Copy to clipboard", []),
}

# Colours as many terminals have them: of text, dim text and background, then the palette of 16.
TEXT, DIM, BACKGROUND = "#d8d8d8", "#9a9a9f", "#101014"
PALETTE = ("#1c1c20 #cd3131 #23b877 #c9a026 #3b78ff #b65cc0 #22a7c4 #d8d8d8 "
           "#6b6b70 #f14c4c #3fdc9a #f5f543 #6ea2ff #d670d6 #4fd1e8 #ffffff").split()
ATTRIBUTES = {1: "bold", 2: "dim", 4: "underlined", 7: "reversed"}
FONTS = Path("/usr/share/fonts/truetype/dejavu")
SIZE = 16


def new_id(output: str, old: str) -> str:
    """The ID of the new key in what a rotation writes."""
    return next(found for found in re.findall(r"\bPK[0-9A-Z]{18}\b", output) if found != old)


def take(program: Path, home: Path) -> dict:
    """The screens as tmux captures them, with escape sequences for colours."""
    environment = {"HOME": str(home), "USER": "jo", "LANG": "C.UTF-8", "TZ": "UTC", "PATH": os.environ["PATH"],
                   "TERM": "xterm-256color", "COLORTERM": "truecolor"}

    def latchkey(at, *arguments):
        command = ["faketime", "-f", f"@{at}", program, *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    for number, (label, owner, created, expires, used, is_inactive) in enumerate(KEYS):
        secret = home / f"secret{number}"
        output = latchkey(created, "keys", "create", "--label", label, "--owner", owner,
                          "--note", NOTE if number == 0 else "", "--expires", expires or "never",
                          "--secret-file", secret, "--output", "csv")
        key = output.splitlines()[-1].split(",")[0]
        if used:
            latchkey(used, "token", key, "--secret-file", secret)
        if is_inactive:
            latchkey(used, "keys", "deactivate", key)

        if label == ROTATED:
            new = home / "rotated"
            output = latchkey(ROTATED_AT, "keys", "rotate", key, "--overlap", "7d", "--secret-file", new, "--output", "csv")
            latchkey(NEW_USED, "token", new_id(output, key), "--secret-file", new)

    def tmux(*arguments):
        command = ["tmux", "-f", home / "tmux.conf", "-S", home / "tmux", *arguments]
        return subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout

    def wait_for(text):
        deadline = time.monotonic() + 20
        while text not in (screen := tmux("capture-pane", "-p")):
            if time.monotonic() > deadline:
                sys.exit(f"“{text}” did not appear on this screen:\n{screen}")
            time.sleep(0.1)

    settings = home / ".config/latchkey/config.toml"
    settings.parent.mkdir(parents=True, exist_ok=True)
    settings.write_text('clipboard = "osc52"\n')  # no terminal is attached to this tmux
    (home / "tmux.conf").write_text(
        f"set -g window-style bg={BACKGROUND}\n"  # what the page asks for
        "set -s set-clipboard on\nset -g focus-events on\n")
    tmux("new-session", "-d", "-x", str(COLUMNS), "-y", str(ROWS), f"faketime -f '@{NOW}' {program}")
    try:
        tmux("set", "-g", "status", "off")
        tmux("resize-window", "-x", str(COLUMNS), "-y", str(ROWS))
        wait_for(KEYS[0][0])
        screens = {}
        for name, (presses, shown, back) in PICTURES.items():
            for press in presses:
                tmux("send-keys", press)
                time.sleep(0.5 if press == "Enter" else 0.05)  # what it asks for must have come before the next press
            wait_for(shown)
            time.sleep(0.5)
            screens[name] = tmux("capture-pane", "-e", "-p", "-N")
            if "sk_" in screens[name]:
                sys.exit(f"{name} shows a secret")
            for press in back:
                tmux("send-keys", press)
                time.sleep(0.3)
        return screens
    finally:
        tmux("kill-server")


def cells(line: str, style: dict):
    """Each character of a captured line, with its colours and whether it is bold and underlined. tmux carries the style
    over from the previous line."""
    for codes, character in re.findall(r"\x1b\[([\d;]*)m|([^\x1b])", line.replace("\x0e", "").replace("\x0f", "")):
        if character:
            yield character, dict(style)
            continue
        codes = [int(code) for code in (codes or "0").split(";") if code]
        while codes:
            code = codes.pop(0)
            if code in (38, 48):
                kind, *numbers = [codes.pop(0) for _ in range(4)]
                if kind != 2:
                    sys.exit(f"a colour of kind {kind} is not known here")
                style["text" if code == 38 else "background"] = "#%02x%02x%02x" % tuple(numbers)
            elif code == 0:
                style.clear()
            elif code in ATTRIBUTES:
                style[ATTRIBUTES[code]] = True
            elif code in range(30, 38) or code in range(90, 98):
                style["text"] = PALETTE[code - 30 if code < 40 else code - 82]
            elif code in range(40, 48) or code in range(100, 108):
                style["background"] = PALETTE[code - 40 if code < 50 else code - 92]
            elif code == 39:
                style.pop("text", None)
            elif code == 49:
                style.pop("background", None)
            else:
                sys.exit(f"SGR {code} is not known here")


def draw(screen: str) -> Image.Image:
    regular = ImageFont.truetype(str(FONTS / "DejaVuSansMono.ttf"), SIZE)
    bold = ImageFont.truetype(str(FONTS / "DejaVuSansMono-Bold.ttf"), SIZE)
    width, (ascent, descent) = round(regular.getlength("M")), regular.getmetrics()
    height, margin = ascent + descent, 8
    size = (COLUMNS * width + 2 * margin, ROWS * height + 2 * margin)
    image = Image.new("RGB", size, BACKGROUND)
    pen = ImageDraw.Draw(image)
    current = {}
    for row, line in enumerate(screen.splitlines()[:ROWS]):
        for column, (character, style) in enumerate(cells(line, current)):
            left, top = margin + column * width, margin + row * height
            text = style.get("text", DIM if style.get("dim") else TEXT)
            background = style.get("background", BACKGROUND)
            if style.get("reversed"):
                text, background = background, text
            pen.rectangle((left, top, left + width - 1, top + height - 1), fill=background)
            pen.text((left, top), character, fill=text, font=bold if style.get("bold") else regular)
            if style.get("underlined"):
                pen.line((left, top + height - 2, left + width - 1, top + height - 2), fill=text)
    return image


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    with tempfile.TemporaryDirectory() as home:
        screens = take(Path(sys.argv[1]).resolve(), Path(home))
    for name, screen in screens.items():
        picture = Path(__file__).parent / f"{name}.png"
        picture.parent.mkdir(exist_ok=True)
        draw(screen).quantize(256 if name == "screen" else 64).save(picture, optimize=True)


main()
