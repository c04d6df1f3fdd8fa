// Values with pictures inside as bytes, and back: how long each part is, the value as JSON, then the pictures.
// An ArrayBuffer becomes {"$bytes": its number}; everything else is JSON.

const WORD = 4;

export async function pack(value) {
  const pictures = [];
  const text = JSON.stringify(value, (_, part) => (part instanceof ArrayBuffer ? { $bytes: pictures.push(part) - 1 } : part));
  const parts = [new TextEncoder().encode(text), ...pictures];
  const lengths = Uint32Array.from([parts.length, ...parts.map((part) => part.byteLength)]);
  return new Blob([lengths, ...parts]).arrayBuffer();
}

export function unpack(buffer) {
  const count = new Uint32Array(buffer, 0, 1)[0];
  const lengths = new Uint32Array(buffer, WORD, count);
  let start = WORD * (1 + count);
  const [text, ...pictures] = Array.from(lengths, (length) => buffer.slice(start, start += length));
  return JSON.parse(new TextDecoder().decode(text), (_, part) => pictures[part?.$bytes] ?? part);
}
