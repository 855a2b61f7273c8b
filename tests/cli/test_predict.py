"""`hpstudy predict`: pictures as people have them, and what is said of those that can't be read."""

import io
import json
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from hpstudy.mnist.data import load

OWN = """
from hpstudy.objective.shown import Found


class Light:
    def __init__(self, params, *, seed, settings, runtime):
        self.params, self.number = params, 0

    def epoch(self):
        self.number += 1
        return {"value": 1.0}

    def state_dict(self):
        return {"number": self.number}

    def load_state_dict(self, state):
        self.number = state["number"]

    @classmethod
    def predict(cls, pictures, *, model, params, settings, runtime):
        print("printed by the hook")
        for picture in pictures:
            width, height = picture.size
            assert runtime.threads < 10**6
            label = "light" if picture.convert("L").getextrema()[1] > 100 else "dark"
            yield [Found(label, 0.75, (0, 0, width, height))]
"""

OWN_STUDY = """
title = "Light"
objective = "light:Light"
fidelity = "epochs"
baseline = { epochs = 1 }
[grid]
metric = "value"
[grid.factors]
epochs = [1, 2]
"""


@pytest.fixture(scope="module")
def digits(mnist_root):
    """Ten test images that any network reads, and what they show."""
    split = load(mnist_root)[1]
    places = [0, 1, 2, 3, 10, 13, 17, 28, 30, 34]
    images = split.images[places, 0].numpy()
    return [Image.fromarray(255 - one).resize((84, 84)) for one in images], [
        int(split.labels[place]) for place in places
    ]


def png(width, height):
    """A picture's file that claims a size and holds next to nothing."""
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", zlib.compress(bytes(10))), (b"IEND", b""))
    parts = [
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in chunks
    ]
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def test_files_folders_and_rows_are_read(reading_folder, digits):
    pictures, labels = digits
    folder = reading_folder.path / "scans"
    folder.mkdir()
    for place, picture in enumerate(pictures[:3]):
        picture.save(folder / f"page {place + 9}.png")  # 9, 10, 11
    (folder / ".hidden.png").write_bytes(b"")
    (folder / "notes.txt").write_text("none")
    row = Image.new("L", (84 * 3, 84), 255)
    for place in range(3):
        row.paste(pictures[place], (84 * place, 0))
    row.save(reading_folder.path / "row.webp", lossless=True)
    found = reading_folder.json("predict", "scans", "row.webp", "--page")
    names = ["scans/page 9.png", "scans/page 10.png", "scans/page 11.png", "row.webp"]
    assert [one["file"] for one in found["images"]] == names
    assert [one["digit"] for one in found["images"]] == [*labels[:3], None]
    several = found["images"][3]
    assert [one["digit"] for one in several["digits"]] == labels[:3]
    assert several["text"] == "".join(map(str, labels[:3]))
    assert 0 < several["probability"] <= min(one["probability"] for one in several["digits"])
    left, top, width, height = several["digits"][1]["box"]
    assert 84 <= left < left + width <= 168
    assert 0 <= top < top + height <= 84
    assert found["errors"] == []
    page = (reading_folder.path / "runs" / "report" / "predictions.html").read_text()
    assert found["page"].endswith("predictions.html")
    assert page.count('title="') == 6
    assert "http" not in page.replace("http-equiv", "")
    out = reading_folder.run("predict", "row.webp").stdout
    assert out.startswith("row.webp: ")
    assert out.replace("?", "").split()[1] == several["text"]


def test_a_picture_comes_through_a_pipe_and_lies_as_its_tag_says(reading_folder, digits):
    pictures, labels = digits
    file, exif = io.BytesIO(), Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    pictures[0].transpose(Image.Transpose.ROTATE_90).save(file, "JPEG", exif=exif)
    (reading_folder.path / "photo.jpg").write_bytes(file.getvalue())
    with (reading_folder.path / "photo.jpg").open("rb") as pipe:
        out = reading_folder.run_apart("predict", "-", "--json", stdin=pipe).stdout
    [found] = json.loads(out)["images"]
    assert (found["file"], found["digit"]) == ("-", labels[0])


def test_what_can_t_be_read_is_a_line_and_the_others_are_read(reading_folder, digits):
    path = reading_folder.path
    digits[0][0].save(path / "good.png")
    whole = (path / "good.png").read_bytes()
    (path / "cut.png").write_bytes(whole[: len(whole) // 2])
    (path / "empty.jpg").write_bytes(b"")
    (path / "text.png").write_text("no picture at all")
    (path / "bomb.png").write_bytes(png(30_000, 30_000))
    (path / "large.png").write_bytes(png(12_000, 9_000))
    (path / "few.png").write_bytes(png(40, 40))
    Image.new("RGB", (60, 40), "white").save(path / "blank.png")
    Image.new("L", (1, 1)).save(path / "dot.png")
    names = ["cut.png", "empty.jpg", "text.png", "bomb.png", "large.png", "few.png", "blank.png"]
    out, err = reading_folder.run("predict", *names, "dot.png", "good.png", "--page", code=1)
    assert out.startswith("good.png: ")
    assert out.count("\n") == 1
    lines = err.splitlines()
    wanted = ["broken", "empty", "no picture", "million", "million", "broken", "nothing", "nothing"]
    for line, name, word in zip(lines, [*names, "dot.png"], wanted, strict=False):
        assert line.startswith(f"Error: {name}: ")
        assert word in line
    assert len(lines) == len(names) + 2
    assert "blank.png: nothing found" in (path / "runs/report/predictions.html").read_text()
    found = json.loads(
        reading_folder.run("predict", "text.png", "good.png", "--json", code=1).stdout
    )
    assert [one["file"] for one in found["errors"]] == ["text.png"]
    assert [one["file"] for one in found["images"]] == ["good.png"]
    assert reading_folder.run("predict", "text.png", code=1).stdout == ""


def test_what_may_never_end_is_not_read(reading_folder, digits):
    folder = reading_folder.path / "pipes"
    folder.mkdir()
    os.mkfifo(folder / "a.png")
    digits[0][0].save(folder / "b.png")
    out, err = reading_folder.run("predict", "pipes", "/dev/zero", code=1)
    assert out.startswith("pipes/b.png: ")
    assert "Error: pipes/a.png: a pipe or a device; `-` reads what is piped in\n" in err
    assert "Error: /dev/zero: a pipe or a device" in err
    reader, writer = os.pipe()
    os.write(writer, (folder / "b.png").read_bytes())
    os.close(writer)
    try:
        out = reading_folder.run("predict", f"/dev/fd/{reader}").stdout  # a shell's <(…)
    finally:
        os.close(reader)
    assert out.startswith(f"/dev/fd/{reader}: {digits[1][0]}")


def test_names_of_any_kind_are_read_and_obeyed_by_no_terminal(reading_folder, digits):
    folder = reading_folder.path / "odd"
    folder.mkdir()
    names = ["5².png", "10.png", "9.png", "a\x1b[2J<b>.png", os.fsdecode(b"\xff.png")]
    for name in names:
        with (folder / name).open("wb") as file:
            digits[0][0].save(file, "PNG")
    (folder / os.fsdecode(b"\xfe.png")).write_bytes(b"")
    out, err = reading_folder.run("predict", "odd", "--page", code=1)
    assert "odd/a\\x1b[2J<b>.png: " in out
    assert "odd/\\udcff.png: " in out
    assert "Error: odd/\\udcfe.png: empty" in err
    assert "<b>.png" not in (reading_folder.path / "runs/report/predictions.html").read_text()


def test_of_several_pages_the_first_is_read_and_said_so(reading_folder, digits):
    labels = digits[1]
    for name in ("pages.tif", "moving.gif"):
        first, *rest = (picture.copy() for picture in digits[0][:3])
        first.save(reading_folder.path / name, save_all=True, append_images=rest)
    out, err = reading_folder.run("predict", "pages.tif", "moving.gif")
    assert "pages.tif: the first of 3 pages is read" in err
    assert "moving.gif: the first of 3 frames is read" in err
    assert [line.split()[1].strip("?") for line in out.splitlines()] == [f"{labels[0]}"] * 2


def test_wrong_input_is_one_line(folder, reading_folder, digits):
    path = reading_folder.path
    digits[0][0].save(path / "good.png")
    (path / "none").mkdir()
    error = reading_folder.error
    assert error("predict", "nothere.png") == "nothere.png: no such file or folder"
    assert error("predict", "good.png/more") == "good.png/more: no such file or folder"
    assert error("predict", "none").startswith("none: no picture in there")
    assert "no model 'digit'" in error("predict", "good.png", "--model", "digit")
    assert "--model: expected a model's name" in error("predict", "good.png", "--model", "")
    assert "did you mean 'digits'" in error("predict", "good.png", "--model", "digit")
    assert error("predict", "good.png", "--device", "gpu").startswith("--device: expected auto")
    wanted = "--page: expected a file that ends with .html"
    assert error("predict", "good.png", "--page=good.png").startswith(wanted)
    assert "PICTURE..." in error("predict")
    wanted = "no model in elsewhere/models: `hpstudy train` makes one"
    assert error("predict", "good.png", "--runs", "elsewhere") == wanted


def test_an_objective_of_one_s_own_is_asked_by_its_hook(folder):
    folder.write("light.py", OWN)
    folder.write("light.toml", OWN_STUDY)
    folder.run("train", "light.toml")
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(folder.path / "night.png")
    out, err = folder.run("predict", "night.png")
    assert out == "night.png: dark?  75.0 %\n"
    assert "printed by the hook" in err
    [found] = folder.json("predict", "night.png")["images"]
    assert (found["label"], found["digits"][0]["box"]) == ("dark", [0, 0, 6, 4])
    card = json.loads((folder.path / "runs/models/light.json").read_text())
    (folder.path / "runs/models/light.json").write_text(json.dumps({**card, "threads": 10**6}))
    folder.run("predict", "night.png")  # with as many threads as there are cores
    folder.run("train", "walk.toml")  # newer, and says nothing of pictures
    _, err = folder.run("predict", "night.png", code=2)
    assert "Model: walk, the newest of 2" in err
    assert "objective 'walk:Walk' has no hook `predict`" in err
    folder.write("light.py", OWN.replace("yield [Found", "yield 1 / 0, [Found"))
    _, err = folder.run("predict", "night.png", "--model", "light", code=2)
    assert "predict raised at light.py:" in err
    assert "ZeroDivisionError" in err


ANSWERS = {  # what a hook may answer, and what is said of it
    "[Found('dark', 1.5, (0, 0, 6, 4))]": "Found: probability: expected 0 to 1, found 1.5",
    "[Found('dark', float('nan'), (0, 0, 6, 4))]": "probability: expected 0 to 1, found nan",
    "[Found('dark', 'much', (0, 0, 6, 4))]": "probability: expected a number, found 'much' (str)",
    "[Found('', 0.5, (0, 0, 6, 4))]": "Found: label: expected the name of a class, found ''",
    "[Found('dark', 0.5, (0, 0, 6))]": "box: expected left, top, width and height, found (0, 0, 6)",
    "[Found('dark', 0.5, (0, 0, 6, 4), [[0.5]])]": "expected grey pixels, uint8 of shape (height,",
    "[Found('grey', 0.5, (0, 0, 6, 4))]": "expected one of the model's 2 classes, found 'grey'",
    "['dark']": "predict: expected a list of Found for each picture, found str",
    "Found('dark', 0.5, (0, 0, 6, 4))": "expected a list of Found for each picture, found Found",
    "None": "predict: expected a list of Found for each picture, found NoneType",
}


def test_what_a_hook_answers_is_checked(folder):
    folder.write("light.py", OWN)
    folder.write("light.toml", OWN_STUDY)
    folder.run("train", "light.toml")
    card = folder.path / "runs/models/light.json"
    told = json.loads(card.read_text())
    card.write_text(json.dumps({**told, "classes": ["dark", "light"]}))
    Image.fromarray(np.zeros((4, 6), np.uint8)).save(folder.path / "night.png")
    before, _, _ = OWN.partition("yield")
    for answer, said in ANSWERS.items():
        folder.write("light.py", f"{before}yield {answer}")
        _, err = folder.run("predict", "night.png", "--json", code=2)
        assert said in err
        assert err.count("\n") == 2  # printed by the hook, and why it is none
    folder.write("light.py", before.partition("for picture")[0] + "return 5")
    err = folder.run("predict", "night.png", code=2).stderr
    assert "expected a list of Found for each picture, found int for all" in err
    # Numbers of NumPy's are as good, and a class may be named by its number.
    card.write_text(json.dumps({**told, "classes": ["0", "1"]}))
    box, seen = "np.array([0, 0, 6.2, 4])", "np.zeros((2, 2), np.uint8)"
    answer = f"[Found(np.int64(1), np.float32(0.5), {box}, {seen})]"
    folder.write("light.py", f"import numpy as np\n{before}yield {answer}")
    [found] = folder.json("predict", "night.png", "--page")["images"]
    assert (found["digit"], found["probability"]) == (1, 0.5)
    assert found["digits"][0]["box"] == [0, 0, 6, 4]
