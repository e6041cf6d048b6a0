// What the camera wrote beside the pixels goes along with a picture that was made smaller: the server reads when and how
// it was taken, keeps that, and shows the picture without it.

const MOST = 256 * 1024
const EXIF = [0x45, 0x78, 0x69, 0x66, 0, 0]
const ORIENTATION = 0x0112

/** The Exif segment of a JPEG, with its turn taken out since the smaller picture is upright; null when it has none. */
export function segment(bytes: Uint8Array): Uint8Array<ArrayBuffer> | null {
  if (bytes[0] !== 0xff || bytes[1] !== 0xd8) return null
  for (let at = 2; at + 4 <= bytes.length && bytes[at] === 0xff; ) {
    const marker = bytes[at + 1] ?? 0
    const end = at + 2 + ((bytes[at + 2] ?? 0) << 8) + (bytes[at + 3] ?? 0)
    if (marker === 0xda || end < at + 4 || end > bytes.length) return null
    if (marker === 0xe1 && EXIF.every((sign, place) => bytes[at + 4 + place] === sign)) return upright(bytes.slice(at, end))
    at = end
  }
  return null
}

function upright(found: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> | null {
  const view = new DataView(found.buffer, 10)
  try {
    const little = view.getUint16(0) === 0x4949
    const table = view.getUint32(4, little)
    const count = view.getUint16(table, little)
    for (let entry = table + 2; entry < table + 2 + 12 * count; entry += 12)
      if (view.getUint16(entry, little) === ORIENTATION) view.setUint16(entry + 8, 1, little)
  } catch {
    return null // cut off or hostile: better nothing than something wrong
  }
  return found
}

/** `smaller`, a JPEG without Exif, with the Exif of `original` in front. */
export async function carried(original: File, smaller: Blob): Promise<Blob> {
  const found = segment(new Uint8Array(await original.slice(0, MOST).arrayBuffer()))
  return found ? new Blob([smaller.slice(0, 2), found, smaller.slice(2)], { type: smaller.type }) : smaller
}
