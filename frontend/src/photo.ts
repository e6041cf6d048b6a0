// Photos: made small enough to send before they leave the phone, shown, and removable one by one.
import { all, element, one, words } from './dom'
import { carried } from './exif'

const LONGEST = 2048
const SMALL_ENOUGH = 1_200_000

/** At most 2048 px on the longer side, as JPEG, upright; the file itself where the browser cannot draw it. */
export async function shrunk(file: File): Promise<File> {
  if (!file.type.startsWith('image/') || file.type === 'image/svg+xml') return file
  try {
    const picture = await createImageBitmap(file, { imageOrientation: 'from-image' })
    const scale = Math.min(1, LONGEST / Math.max(picture.width, picture.height))
    if (scale === 1 && file.size <= SMALL_ENOUGH) {
      picture.close()
      return file
    }
    const canvas = element('canvas')
    canvas.width = Math.round(picture.width * scale)
    canvas.height = Math.round(picture.height * scale)
    canvas.getContext('2d')?.drawImage(picture, 0, 0, canvas.width, canvas.height)
    picture.close()
    const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, 'image/jpeg', 0.85))
    canvas.width = canvas.height = 0 // phones with little memory give it back at once
    if (!blob || blob.size >= file.size) return file
    return new File([await carried(file, blob)], file.name.replace(/\.\w+$/, '') + '.jpg', { type: 'image/jpeg', lastModified: file.lastModified })
  } catch {
    return file
  }
}

const chosen = new WeakMap<HTMLInputElement, File[]>()
const hows = new WeakMap<File, string>()
const album = new WeakSet<HTMLInputElement>() // the next choice of these is from the album
const JUST_NOW = 15 * 60 * 1000

/** Look after the file input inside every `[data-photo]`. */
export function photos(root: ParentNode): void {
  for (const box of all('[data-photo]', root)) {
    const input = one<HTMLInputElement>('input[type=file]', box)
    const preview = one('[data-photo-preview]', box)
    if (!input || !preview || box.dataset['photoReady'] !== undefined) continue
    box.dataset['photoReady'] = ''
    sources(input, box)
    input.addEventListener('change', () => void take(input, preview))
    input.form?.addEventListener('reset', () => {
      put(input, [])
      preview.replaceChildren()
    })
  }
}

/** Two ways where the input asks for the camera: the camera itself, and the album by a button of its own. */
function sources(input: HTMLInputElement, box: HTMLElement): void {
  const camera = input.getAttribute('capture')
  const button = one<HTMLButtonElement>('[data-album]', box)
  if (camera === null || !button) return
  button.hidden = false
  if (window.matchMedia('(pointer: coarse)').matches) {
    // a phone opens its camera at once; elsewhere the same button may choose files
    for (const words of all('[data-either], [data-camera]', box)) words.hidden = 'either' in words.dataset
  }
  button.addEventListener('click', () => {
    album.add(input)
    input.removeAttribute('capture')
    input.click()
    input.setAttribute('capture', camera)
  })
  one('.photo-take', box)?.addEventListener('click', () => album.delete(input))
  input.addEventListener('cancel', () => album.delete(input))
}

/** Camera or album, as far as a page can know: browsers may offer files where the camera was asked for. */
function how(input: HTMLInputElement, file: File): string {
  if (album.has(input)) return 'album'
  if (!input.hasAttribute('capture') || !window.matchMedia('(pointer: coarse)').matches) return 'unknown'
  return Date.now() - file.lastModified < JUST_NOW ? 'camera' : 'album'
}

async function take(input: HTMLInputElement, preview: HTMLElement): Promise<void> {
  // a camera gives one picture at a time: the next one comes beside those that are there
  const kept = input.multiple ? (chosen.get(input) ?? []) : []
  const added = Array.from(input.files ?? [])
  const form = input.form
  form?.setAttribute('aria-busy', 'true')
  const ready: File[] = [...kept]
  const said = added.map((file) => how(input, file))
  album.delete(input)
  for (const [at, file] of added.entries()) {
    const small = await shrunk(file) // one after the other: memory
    hows.set(small, said[at] ?? 'unknown')
    ready.push(small)
  }
  put(input, ready)
  form?.removeAttribute('aria-busy')
  show(input, preview, [...kept, ...added])
}

function put(input: HTMLInputElement, files: File[]): void {
  const holder = new DataTransfer()
  for (const file of files) holder.items.add(file)
  input.files = holder.files
  chosen.set(input, files)
  const name = `${input.name}_capture`
  const box = input.closest<HTMLElement>('[data-photo]')
  let mark = one<HTMLInputElement>(`input[name="${name}"]`, box ?? document)
  if (!mark) {
    mark = element('input', { type: 'hidden', name, 'data-no-draft': '' })
    box?.append(mark)
  }
  mark.value = files.map((file) => hows.get(file) ?? 'unknown').join(',')
}

function show(input: HTMLInputElement, preview: HTMLElement, before: File[]): void {
  const files = Array.from(input.files ?? [])
  for (const old of all<HTMLImageElement>('img', preview)) URL.revokeObjectURL(old.src)
  preview.replaceChildren(
    ...files.map((file, at) => {
      const figure = element('figure')
      const picture = element('img', { alt: file.name })
      picture.src = URL.createObjectURL(file)
      const remove = element('button', { type: 'button', 'aria-label': words(preview, 'remove') }, '×')
      remove.addEventListener('click', () => {
        put(input, files.filter((_file, other) => other !== at))
        show(input, preview, before.filter((_file, other) => other !== at))
        input.focus()
      })
      figure.append(picture, remove)
      const was = before[at]
      const smaller = was && file.size < was.size ? `${words(preview, 'large')} · ` : ''
      figure.append(element('figcaption', {}, `${smaller}${Math.max(1, Math.round(file.size / 1024))} KB`))
      return figure
    }),
  )
}
