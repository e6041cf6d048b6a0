// Boxes on a photo: drawn, moved and sized on the picture, which only fills the number fields beside it. What counts
// is what the fields say; without this script they are typed, with the rulers at the picture's edges.
import { all, one } from './dom'

const SIDES = ['left', 'top', 'right', 'bottom'] as const
type Side = (typeof SIDES)[number]
type Edges = Record<Side, number>
const LEAST = 0.5
const NEAR = 3 // percent from a corner within which a press sizes the box instead of moving it
const SVG = 'http://www.w3.org/2000/svg'

export function boxes(root: ParentNode): void {
  for (const picture of all<SVGSVGElement>('svg[data-boxes]:not([data-drawing])', root)) {
    const form = one<HTMLFormElement>('form[data-boxes-form]')
    if (form) begin(picture, form)
  }
}

function begin(picture: SVGSVGElement, form: HTMLFormElement): void {
  picture.dataset['drawing'] = ''
  const width = Number(picture.dataset['width'])
  const height = Number(picture.dataset['height'])
  const size = picture.querySelector('text')?.getAttribute('font-size') ?? '20'
  const rows = () => all('[data-box-row]', form)
  const field = (row: Element, name: string) => row.querySelector<HTMLInputElement>(`input[name$='-${name}']`)
  const removed = (row: Element) => field(row, 'remove')?.checked ?? false

  const read = (row: Element): Edges | null => {
    const found = SIDES.map((side) => parseFloat(field(row, side)?.value ?? ''))
    if (removed(row) || found.some(Number.isNaN)) return null
    return Object.fromEntries(SIDES.map((side, place) => [side, found[place]])) as Edges
  }
  const write = (row: Element, edges: Edges) => {
    for (const side of SIDES) {
      const input = field(row, side)
      if (input) input.value = edges[side].toFixed(1)
    }
    draw()
  }
  const draw = () => {
    picture.querySelectorAll('[data-box]').forEach((each) => each.remove())
    rows().forEach((row, place) => {
      const edges = read(row)
      if (!edges || edges.right <= edges.left || edges.bottom <= edges.top) return
      const group = document.createElementNS(SVG, 'g')
      group.setAttribute('class', row.contains(document.activeElement) ? 'photo-box photo-box-now' : 'photo-box')
      group.dataset['box'] = String(place)
      const at = { x: String((edges.left * width) / 100), y: String((edges.top * height) / 100) }
      const area = document.createElementNS(SVG, 'rect')
      const wide = { width: String(((edges.right - edges.left) * width) / 100), height: String(((edges.bottom - edges.top) * height) / 100) }
      for (const [key, value] of Object.entries({ ...at, ...wide })) area.setAttribute(key, value)
      const text = document.createElementNS(SVG, 'text')
      for (const [key, value] of Object.entries({ ...at, dx: '0.2em', dy: '1em', 'font-size': size })) text.setAttribute(key, value)
      text.textContent = String(place + 1)
      group.append(area, text)
      picture.append(group)
    })
  }

  const percent = (event: PointerEvent): [number, number] => {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(picture.getScreenCTM()?.inverse())
    const bound = (value: number) => Math.min(100, Math.max(0, value))
    return [bound((point.x * 100) / width), bound((point.y * 100) / height)]
  }
  /** The first row without numbers; a copy of the last one where all are used. */
  const free = (): Element | null => {
    const known = rows()
    const empty = known.find((row) => !removed(row) && SIDES.every((side) => !field(row, side)?.value))
    if (empty) return empty
    const last = known[known.length - 1]
    const total = form.querySelector<HTMLInputElement>("input[name$='-TOTAL_FORMS']")
    const most = Number(form.querySelector<HTMLInputElement>("input[name$='-MAX_NUM_FORMS']")?.value ?? 0)
    if (!last || !total || known.length >= most) return null
    const made = last.cloneNode(true) as HTMLElement
    made.dataset['boxRow'] = String(known.length)
    made.querySelectorAll('.form-error').forEach((each) => each.remove())
    made.querySelectorAll<HTMLInputElement>('input').forEach((input) => {
      input.name = input.name.replace(/-\d+-/, `-${known.length}-`)
      input.id = input.id.replace(/-\d+-/, `-${known.length}-`)
      if (input.type === 'checkbox') input.checked = false
      else input.value = ''
    })
    last.after(made)
    total.value = String(known.length + 1)
    return made
  }

  picture.addEventListener('pointerdown', (event) => {
    if (event.button !== 0) return
    event.preventDefault()
    const [x, y] = percent(event)
    const holds = (edges: Edges) => x >= edges.left - NEAR && x <= edges.right + NEAR && y >= edges.top - NEAR && y <= edges.bottom + NEAR
    const hit = rows().reverse().find((row) => {
      const edges = read(row)
      return edges !== null && holds(edges)
    })
    const row = hit ?? free()
    if (!row) return
    const start = hit ? read(hit) : null
    const corner = start !== null && Math.min(Math.abs(x - start.left), Math.abs(x - start.right)) < NEAR && Math.min(Math.abs(y - start.top), Math.abs(y - start.bottom)) < NEAR
    // a new box and a corner: the opposite corner stays where it is
    const fixed: [number, number] = start && corner
      ? [Math.abs(x - start.left) < Math.abs(x - start.right) ? start.right : start.left, Math.abs(y - start.top) < Math.abs(y - start.bottom) ? start.bottom : start.top]
      : [x, y]
    const move = (next: PointerEvent) => {
      const [toX, toY] = percent(next)
      if (start && !corner) {
        const byX = Math.min(100 - start.right, Math.max(-start.left, toX - x))
        const byY = Math.min(100 - start.bottom, Math.max(-start.top, toY - y))
        write(row, { left: start.left + byX, top: start.top + byY, right: start.right + byX, bottom: start.bottom + byY })
      } else if (Math.abs(toX - fixed[0]) >= LEAST && Math.abs(toY - fixed[1]) >= LEAST) {
        write(row, { left: Math.min(toX, fixed[0]), top: Math.min(toY, fixed[1]), right: Math.max(toX, fixed[0]), bottom: Math.max(toY, fixed[1]) })
      }
    }
    const leave = () => {
      picture.removeEventListener('pointermove', move)
      field(row, 'left')?.focus({ preventScroll: true })
      draw()
    }
    picture.setPointerCapture(event.pointerId)
    picture.addEventListener('pointermove', move)
    picture.addEventListener('pointerup', leave, { once: true })
    picture.addEventListener('pointercancel', leave, { once: true })
  })
  for (const kind of ['input', 'focusin']) form.addEventListener(kind, draw)
  draw()
}
