// Long lists of choices (`select[data-search]`): type a part of a code or name, arrows and Enter choose, Escape keeps what
// was chosen. The list itself stays in the form and holds the value; without this script it is what one uses.
import { all, element, words } from './dom'

interface Choice {
  value: string
  text: string
  group: string
}

const MOST = 200 // lines: whoever sees more types on

export function searching(root: ParentNode): void {
  for (const list of all<HTMLSelectElement>('select[data-search]:not([data-searching])', root)) begin(list)
}

function begin(list: HTMLSelectElement): void {
  list.dataset['searching'] = ''
  const choices: Choice[] = Array.from(list.options, (each) => ({
    value: each.value, text: each.text, group: each.parentElement instanceof HTMLOptGroupElement ? each.parentElement.label : '',
  }))
  const id = list.id
  const box = element('div', { class: 'search-choice' })
  const input = element('input', {
    type: 'text', class: 'form-control', role: 'combobox', autocomplete: 'off', 'aria-autocomplete': 'list', 'aria-expanded': 'false',
    'aria-controls': `${id}-choices`, placeholder: words(list, 'hint'),
  })
  const lines = element('ul', { id: `${id}-choices`, role: 'listbox', hidden: '' })
  const label = document.querySelector<HTMLElement>(`label[for="${id}"]`)
  lines.setAttribute('aria-label', label?.textContent?.trim() ?? '')
  for (const name of ['aria-describedby', 'aria-invalid']) {
    const said = list.getAttribute(name)
    if (said) input.setAttribute(name, said)
  }
  list.removeAttribute('id')
  input.id = id
  list.hidden = true
  list.after(box)
  box.append(input, lines)

  let shown: Choice[] = []
  let at = -1
  const chosen = () => (list.value ? (choices.find((each) => each.value === list.value)?.text ?? '') : '')
  const close = () => {
    lines.hidden = true
    input.setAttribute('aria-expanded', 'false')
    input.removeAttribute('aria-activedescendant')
  }
  const mark = (place: number) => {
    at = place
    for (const each of all('[role=option]', lines)) each.setAttribute('aria-selected', String(each.id === `${id}-choice-${at}`))
    const line = at >= 0 ? lines.querySelector(`#${CSS.escape(`${id}-choice-${at}`)}`) : null
    if (line) input.setAttribute('aria-activedescendant', line.id)
    else input.removeAttribute('aria-activedescendant')
    line?.scrollIntoView({ block: 'nearest' })
  }
  const choose = (choice: Choice | undefined) => {
    if (choice) list.value = choice.value
    input.value = chosen()
    close()
    if (choice) list.dispatchEvent(new Event('change', { bubbles: true }))
  }
  const open = (everything: boolean) => {
    const wanted = everything ? [] : input.value.toLowerCase().split(/\s+/).filter(Boolean)
    shown = choices.filter(({ text, group }) => wanted.every((word) => `${text} ${group}`.toLowerCase().includes(word))).slice(0, MOST)
    const made: HTMLElement[] = []
    shown.forEach((choice, place) => {
      if (choice.group && choice.group !== shown[place - 1]?.group) made.push(element('li', { role: 'presentation', class: 'search-group' }, choice.group))
      const line = element('li', { role: 'option', id: `${id}-choice-${place}`, 'aria-selected': 'false' }, choice.text)
      line.addEventListener('mousedown', (event) => event.preventDefault()) // the focus stays where one types
      line.addEventListener('click', () => choose(choice))
      made.push(line)
    })
    if (!made.length) made.push(element('li', { role: 'presentation', class: 'search-group' }, words(list, 'none')))
    lines.replaceChildren(...made)
    lines.hidden = false
    input.setAttribute('aria-expanded', 'true')
    mark(everything ? shown.findIndex((each) => each.value === list.value) : shown.length ? 0 : -1)
  }
  input.addEventListener('input', () => open(false))
  input.addEventListener('click', () => lines.hidden && open(true))
  input.addEventListener('focus', () => input.select())
  input.addEventListener('blur', () => {
    if (!input.value.trim() && list.value) choose(choices.find((each) => each.value === ''))
    else choose(undefined)
  })
  input.addEventListener('keydown', (event) => {
    if (event.isComposing) return
    if (event.key === 'ArrowDown' || event.key === 'ArrowUp') {
      event.preventDefault()
      if (lines.hidden) open(true)
      else if (shown.length) mark((at + (event.key === 'ArrowDown' ? 1 : -1) + shown.length) % shown.length)
    } else if (event.key === 'Enter' && !lines.hidden && at >= 0) {
      event.preventDefault()
      choose(shown[at])
    } else if (event.key === 'Escape' && !lines.hidden) {
      event.preventDefault()
      choose(undefined)
    }
  })
  input.value = chosen()
}
