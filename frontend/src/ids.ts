// Identities that the page chooses itself, so that sending the same thing twice is harmless.
import { all } from './dom'

/** A UUIDv7 (RFC 9562): 48 bits of milliseconds, then chance. */
export function uuid7(milliseconds = Date.now()): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16))
  const view = new DataView(bytes.buffer)
  view.setUint16(0, Math.floor(milliseconds / 2 ** 32))
  view.setUint32(2, milliseconds % 2 ** 32)
  view.setUint8(6, (view.getUint8(6) & 0x0f) | 0x70)
  view.setUint8(8, (view.getUint8(8) & 0x3f) | 0x80)
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('')
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-')
}

/** Fill every empty `<input data-client-id>`; `renew` replaces the ones that were used. */
export function giveIds(root: ParentNode, renew = false): void {
  for (const input of all<HTMLInputElement>('input[data-client-id]', root)) {
    if (renew || !input.value) input.value = uuid7()
  }
}
