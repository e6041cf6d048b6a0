// Lists whose rows are selected by keys: x one, Shift+X all from the last one to here, a all or none, b what may be done.
import { all, everywhere, one, typing, words } from './dom'

let last: HTMLInputElement | null = null

const boxes = (): HTMLInputElement[] =>
  all<HTMLInputElement>('[data-list] [data-item] input[type=checkbox][name=matter]').filter((each) => each.offsetParent !== null)

const here = (): HTMLInputElement | null => {
  const focused = document.activeElement?.closest<HTMLElement>('[data-item]')
  const item = focused ?? one('[data-item][data-chosen]')
  return item ? one<HTMLInputElement>('input[type=checkbox][name=matter]', item) : null
}

function told(): void {
  const line = one('[data-picked]')
  const number = boxes().filter((each) => each.checked).length
  if (line) line.textContent = number ? words(line, 'picked', { n: number }) : ''
}

function span(from: HTMLInputElement, to: HTMLInputElement): void {
  const every = boxes()
  const [first, second] = [every.indexOf(from), every.indexOf(to)].sort((a, b) => a - b)
  if (first === undefined || second === undefined || first < 0) return
  for (const each of every.slice(first, second + 1)) each.checked = true
}

function pick(key: string): boolean {
  const box = here()
  if (key === 'x') {
    if (!box) return false
    box.checked = !box.checked
    last = box
  } else if (key === 'X') {
    if (!box) return false
    span(last?.isConnected ? last : (boxes()[0] ?? box), box)
    last = box
  } else if (key === 'a') {
    const every = boxes()
    if (!every.length) return false
    const whole = every.every((each) => each.checked)
    for (const each of every) each.checked = !whole
  } else if (key === 'b') {
    const button = one<HTMLButtonElement>('[data-bulk-go]')
    if (!button) return false
    button.click()
  } else if (key === 'p') {
    const folded = one<HTMLDetailsElement>('details[data-phrases]')
    if (!folded) return false
    folded.open = true
    one<HTMLButtonElement>('[data-phrase]', folded)?.focus()
  } else return false
  told()
  return true
}

/** Put a phrase where the cursor was in the text of its form, and leave the cursor behind it. */
function put(button: HTMLElement): void {
  const form = button.closest('form') ?? button.closest('[data-act]')?.querySelector('form')
  const field = form ? (all<HTMLTextAreaElement>('textarea', form).find((each) => each.dataset['at'] !== undefined) ?? one<HTMLTextAreaElement>('textarea', form)) : null
  if (!field) return
  const text = button.dataset['phrase'] ?? ''
  const at = Number(field.dataset['at'] ?? field.value.length)
  field.value = field.value.slice(0, at) + text + field.value.slice(at)
  field.focus()
  field.setSelectionRange(at + text.length, at + text.length)
  field.dispatchEvent(new Event('input', { bubbles: true }))
}

export function picking(): void {
  document.addEventListener('keydown', (event) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return
    const box = event.target instanceof HTMLInputElement && event.target.type === 'checkbox'
    if ((typing(event.target) && !box) || one('dialog[open]')) return
    if (pick(event.key)) event.preventDefault()
  })
  document.addEventListener('change', told)
  document.addEventListener('click', (event) => {
    const target = event.target as HTMLElement
    const button = target.closest<HTMLElement>('[data-phrase]')
    if (button) put(button)
    if (event.shiftKey && target instanceof HTMLInputElement && target.name === 'matter' && last?.isConnected) span(last, target)
    if (target instanceof HTMLInputElement && target.name === 'matter') last = target
  })
  document.addEventListener('focusout', (event) => {
    const field = event.target
    if (!(field instanceof HTMLTextAreaElement)) return
    for (const each of all<HTMLTextAreaElement>('textarea[data-at]')) delete each.dataset['at']
    field.dataset['at'] = String(field.selectionStart)
  })
  everywhere((root) => {
    for (const button of all('[data-phrase]', root)) button.hidden = false
    one<HTMLFormElement>('form[data-go-on]', root)?.requestSubmit()
  })
}
