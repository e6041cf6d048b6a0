// Desks: a palette of the page's own acts, Enter for the suggested one. Nothing acts without being shown first.
import { areaMap } from './areamap'
import { boxes } from './boxes'
import { all, element, everywhere, one, typing } from './dom'
import { giveIds } from './ids'
import { lazily } from './lazy'
import { photos } from './photo'
import { picking } from './picking'
import { places } from './place'

const ACTS = '.page-acts a, .page-acts button, [data-act-button], [data-suggested], [data-palette], .act > details > summary'

function visible(each: HTMLElement): boolean {
  const phrases = each.matches('[data-phrase]') ? each.closest<HTMLElement>('[data-phrases]') : null // found folded, too
  return (phrases ?? each).offsetParent !== null && !each.hasAttribute('disabled')
}

/** Bring an act's sheet before the eyes and put the focus where the first answer is wanted. */
function present(sheet: HTMLElement): void {
  const folded = one<HTMLDetailsElement>('details', sheet)
  if (folded) folded.open = true
  sheet.scrollIntoView({ block: 'nearest' })
  const wanted = all<HTMLInputElement>('input, select, textarea', sheet).find(
    (each) => each.required && !each.value && each.type !== 'hidden' && visible(each),
  )
  ;(wanted ?? one<HTMLElement>('[data-act-button]', sheet))?.focus()
}

function perform(act: HTMLElement): void {
  const sheet = act.closest<HTMLElement>('[data-act]')
  if (act.matches('[data-phrase]')) act.click()
  else if (sheet) present(sheet)
  else if (act instanceof HTMLAnchorElement) act.click()
  else {
    act.focus()
    act.click()
  }
}

function palette(): void {
  const known = one<HTMLDialogElement>('dialog.palette')
  const dialog = known ?? element('dialog', { class: 'sheet palette' })
  const input = element('input', { type: 'text', role: 'combobox', 'aria-expanded': 'true', 'aria-controls': 'palette-list', autocomplete: 'off' })
  input.setAttribute('aria-label', one('[data-words-palette]')?.dataset['wordsPalette'] ?? '')
  input.placeholder = input.getAttribute('aria-label') ?? ''
  const list = element('ul', { id: 'palette-list', role: 'listbox' })
  dialog.replaceChildren(input, list)
  if (!known) document.body.append(dialog)
  const seen = new Set<string>()
  const acts = [...all(ACTS).filter(visible), ...all('.side a, .bottom-bar a')].flatMap((act) => {
    const text = (act.dataset['palette'] || act.closest('[data-act]')?.querySelector('.act-title')?.textContent || act.textContent || '').trim()
    if (!text || seen.has(text)) return []
    seen.add(text)
    return [{ act, text }]
  })
  let shown = acts
  let at = 0
  const show = () => {
    const wanted = input.value.trim().toLowerCase()
    shown = acts.filter(({ text }) => [...wanted].every((sign) => text.toLowerCase().includes(sign)))
    at = Math.min(at, Math.max(0, shown.length - 1))
    list.replaceChildren(
      ...shown.map(({ text }, index) => {
        const line = element('li', { role: 'option', id: `palette-${index}`, 'aria-selected': String(index === at) }, text)
        line.addEventListener('click', () => choose(index))
        return line
      }),
    )
    input.setAttribute('aria-activedescendant', shown.length ? `palette-${at}` : '')
    list.children[at]?.scrollIntoView({ block: 'nearest' })
  }
  const choose = (index: number) => {
    const chosen = shown[index]
    dialog.close()
    if (chosen) perform(chosen.act)
  }
  input.addEventListener('input', () => ((at = 0), show()))
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      at = (at + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % Math.max(1, shown.length)
      show()
    } else if (event.key === 'Enter') {
      event.preventDefault()
      choose(at)
    }
  })
  show()
  if (!dialog.open) dialog.showModal()
  input.focus()
}

document.addEventListener('keydown', (event) => {
  if (event.key.toLowerCase() === 'k' && (event.ctrlKey || event.metaKey) && !event.altKey) {
    event.preventDefault()
    palette()
    return
  }
  if (event.key !== 'Enter' || event.defaultPrevented || typing(event.target) || event.ctrlKey || event.metaKey) return
  if (event.target instanceof HTMLElement && event.target.matches('a, button, summary')) return
  const suggested = one('[data-act][data-suggested-act]')
  if (suggested) {
    event.preventDefault()
    present(suggested)
  }
})

areaMap()
picking()
lazily()
everywhere((root) => {
  giveIds(root)
  photos(root)
  places(root)
  boxes(root)
})
