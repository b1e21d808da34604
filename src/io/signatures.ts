// Other files than the one that was asked for, told by their first bytes, and what to do with them.
import { FormatError } from "../base/errors.ts";

const convert = (read: string): string => `in Python: safetensors.torch.save_file(${read}, "model.safetensors")`;
const torch = convert('torch.load(path, map_location="cpu")');
const numpy = 'in Python: safetensors.numpy.save_file({"x": numpy.load(path)}, "x.safetensors")';
const keras = "in Python: export the weights with safetensors.numpy.save_file";
const unpack = "unpack it first";
const address = "look at it in a text editor, and check the address";

// Magic numbers hold control characters, which is how they are told from texts.
/* eslint-disable no-control-regex */

/** Tried in this order on the first bytes as Latin-1: pattern, what the file is, what to do. Files of this library come last. */
const signatures: readonly (readonly [first: RegExp, what: string, remedy: string])[] = [
  [
    /^PK\x03\x04[^]{26}\S*\.npy/,
    "a zip archive of NumPy arrays (.npz)",
    "in Python: safetensors.numpy.save_file(dict(numpy.load(path)), …)",
  ],
  [/^PK\x03\x04[^]{26}\S*(data\.pkl|byteorder|version)/, "a PyTorch file (.pt, .pth)", torch],
  [/^PK\x03\x04[^]{26}(metadata|config)\.json/, "a Keras model (.keras)", keras],
  [/^PK(\x03\x04|\x05\x06)/, "a zip archive", unpack],
  [/^\x80[\x02-\x05]/, "a Python pickle (an old .pt, .pth or .pkl)", torch],
  [/^\x93NUMPY/, "a NumPy array (.npy)", numpy],
  [/^(GGUF|FUGG|ggml|lmgg|ggjt|tjgg)/, "a GGUF model of llama.cpp", "take the weights it was made from, in safetensors form"],
  [/^\x89HDF\r\n\x1a\n/, "an HDF5 file (.h5, as Keras writes it)", keras],
  [/^[^]{4}TFL3/, "a TensorFlow Lite model (.tflite)", "take the weights it was made from"],
  [/^\x08\x01\x12/, "a TensorFlow SavedModel (.pb)", keras],
  [/^\n[^]{1,3}\n[^]\w/, "a TensorFlow graph (.pb)", keras],
  [
    /^\x08[\x02-\x20][\x12\x1a\x22\x28\x32\x3a\x42]/,
    "an ONNX model (.onnx)",
    "in Python: save the initializers of onnx.load(path) with safetensors",
  ],
  [/^version https:\/\/git-lfs/, "a pointer of Git LFS in place of the file", "git lfs pull, or download the file itself"],
  [/^\/annex\/objects\//, "a pointer of git-annex in place of the file", "git annex get"],
  [/^(\xef\xbb\xbf)?\s*<(!doctype html|html|head|body)/i, "an HTML page, as servers send for what is not there", address],
  [/^(\xef\xbb\xbf)?\s*<\?xml/i, "an XML text, as storage servers send for what is not there", address],
  [/^\s*{[^]*"(weight_map)"/, "the index of a model in several safetensors files", "load each of the files that it names"],
  [/^\s*{[^]*"(modelTopology|weightsManifest|format)"/, "the description of a TensorFlow.js model (model.json)", keras],
  [/^\s*[[{]\s*["\d[{]/, "a JSON text", address],
  [/^\x1f\x8b/, "gzip-compressed", 'unpack it first, for example with new DecompressionStream("gzip")'],
  [/^\x28\xb5\x2f\xfd|^BZh\d|^\xfd7zXZ|^7z\xbc\xaf|^Rar!/, "compressed", unpack],
  [/^[^]{257}ustar/, "a tar archive", unpack],
  [/^\x89PNG|^\xff\xd8\xff|^GIF8|^RIFF[^]{4}WEBP/, "an image", "decode it, then fromImageData()"],
  [/^%PDF/, "a PDF document", address],
  [/^PAR1/, "a Parquet table", "in Python: write its columns with safetensors.numpy.save_file"],
  [/^\0\0[\x08\x09\x0b-\x0e][\x01-\x08]/, "an IDX file", "loadIdx()"],
  [/^[^]{3}\0{5}{/, "a safetensors file", "loadSafetensors()"],
  [/^[\t\n\r -~]{4,}$|^[\t\n\r -~]{9}/, "a text", address],
];
/* eslint-enable no-control-regex */

/** Errors: FormatError when the first bytes are those of another well-known kind of file than the `wanted` one. */
export function refuseOthers(bytes: Uint8Array, wanted: string): void {
  const first = String.fromCharCode(...bytes.subarray(0, 512));
  const [, what, remedy] = signatures.find(([pattern]) => pattern.test(first)) ?? [];
  if (what) throw new FormatError(`this is ${what === "a text" ? textOf(first) : what}, no ${wanted} file`, remedy);
}

const textOf = (first: string): string => `a text that begins with ${JSON.stringify(first.trim().slice(0, 40))}`;
