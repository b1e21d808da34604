"""Writes pytorch-names.json: every public name of the PyTorch that is installed, by namespace and by the chapters of its reference.

    apt-get install --no-install-recommends python3-torch    # 1.13.1
    python3 build/docs/pytorch_names.py <docs/source of the same version's source>

Names come from the modules themselves, chapters from the reference (torch.rst and the like). What no page of the reference mentions is listed
as undocumented. Building the documents needs neither.
"""

import json
import re
import sys
import types
from pathlib import Path

import torch
import torch.optim.lr_scheduler
import torch.utils.data

SOURCE = Path(sys.argv[1])
RULE = re.compile(r"^([=~^-])\1{3,}\s*$")
DIRECTIVE = re.compile(r"^\.\. (autosummary|autofunction|autoclass|automethod|autoproperty|currentmodule|automodule)::\s*(\S*)")


def entries(page):
    """(section, module, name) of everything that a page of the reference documents."""
    lines = (SOURCE / page).read_text(encoding="utf8").splitlines()
    section, module, listing = "", "torch", False
    for i, line in enumerate(lines):
        if i + 1 < len(lines) and RULE.match(lines[i + 1]) and line.strip() and not line.startswith(" "):
            section = re.sub(r":\w+:`~?([^`]*)`", r"\1", line.strip())
        directive = DIRECTIVE.match(line)
        if directive:
            kind, argument = directive.groups()
            listing = kind == "autosummary"
            if kind in ("currentmodule", "automodule"):
                module = argument
            elif not listing:
                yield section, module, argument
        elif listing and re.match(r"^ +~?[\w.]+$", line):
            yield section, module, line.strip().lstrip("~")
        elif line.strip() and not line.startswith(" "):
            listing = False


def full(module, name):
    """The dotted path of a name, whatever the page writes before it."""
    return name if name.startswith("torch.") else f"{module}.{name}"


NAMESPACES = {
    "torch": (torch, ["torch.rst"]),
    "torch.Tensor": (torch.Tensor, ["tensors.rst"]),
    "torch.autograd": (torch.autograd, ["autograd.rst"]),
    "torch.linalg": (torch.linalg, ["linalg.rst"]),
    "torch.nn": (torch.nn, ["nn.rst"]),
    "torch.nn.Module": (torch.nn.Module, []),
    "torch.nn.functional": (torch.nn.functional, ["nn.functional.rst"]),
    "torch.nn.init": (torch.nn.init, ["nn.init.rst"]),
    "torch.nn.utils": (torch.nn.utils, ["nn.rst"]),
    "torch.optim": (torch.optim, ["optim.rst"]),
    "torch.optim.lr_scheduler": (torch.optim.lr_scheduler, ["optim.rst"]),
    "torch.utils.data": (torch.utils.data, ["data.rst"]),
}
# Single files that import classes for annotations.
IMPORTERS = {"torch.linalg", "torch.nn.functional", "torch.nn.init", "torch.optim.lr_scheduler"}
# Longest first, so that a path belongs to the innermost namespace.
PREFIXES = sorted(NAMESPACES, key=len, reverse=True)


def belongs(space, value):
    """Whether a value of a namespace is its own: no module, and nothing that it imported for its own use."""
    if isinstance(value, types.ModuleType):
        return False
    home = getattr(value, "__module__", None)
    if isinstance(value, type) and space in IMPORTERS:
        return str(home).startswith(space)
    if isinstance(value, (type, types.FunctionType)):
        return str(home).startswith("torch")
    return not str(type(value).__module__).startswith("typing")


def main():
    found = {space: {} for space in NAMESPACES}
    for page in sorted({page for _, pages in NAMESPACES.values() for page in pages}):
        for section, module, name in entries(page):
            path = full(module, name)
            space = next(p for p in PREFIXES if path.startswith(f"{p}."))
            short = path[len(space) + 1 :].removeprefix("parameter.")
            if page in NAMESPACES[space][1]:
                chapter = found[space].setdefault(section, [])
                if short not in chapter:
                    chapter.append(short)
    result = {}
    for space, (holder, _) in NAMESPACES.items():
        if space == "torch":
            found[space]["dtypes"] = [n for n in dir(torch) if isinstance(getattr(torch, n), torch.dtype)]
        documented = {name for names in found[space].values() for name in names}
        names = [n for n in dir(holder) if not n.startswith("_") and belongs(space, getattr(holder, n, None))]
        if space == "torch.nn.Module":
            found[space], documented = {"torch.nn.Module": names}, set(names)
        rest = sorted(set(names) - documented)
        result[space] = {"chapters": {k: v for k, v in found[space].items() if v}, "undocumented": rest}
    out = Path(__file__).with_name("pytorch-names.json")
    text = json.dumps({"version": "1.13.1", "namespaces": result}, indent=1)
    # One line a list, or a diff would be all newlines.
    text = re.sub(r"\[\s+([^\[\]]*?)\s+\]", lambda m: "[" + re.sub(r"\s*\n\s*", " ", m.group(1)) + "]", text)
    out.write_text(text + "\n", encoding="utf8")


main()
