// Says so when a phone or an identity number is typed into a text: it would be read by everybody who handles the
// matter. Nothing is refused. The same rules as civicloop.foundation.identifiers.
import { all, element, words } from './dom'

// without look-behind, which older phones refuse together with the whole script
const MOBILE = /(?:^|[^0-9])(?:\+?86[- ]?)?1[3-9][0-9](?:[- ]?[0-9]{4}){2}(?![0-9])/
const CITIZEN = /(^|[^0-9A-Za-z])([0-9]{17}[0-9Xx])(?![0-9A-Za-z])/g
const WEIGHTS = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2]

function isCitizen(number: string): boolean {
  const total = WEIGHTS.reduce((sum, weight, place) => sum + weight * Number(number[place]), 0)
  return '10X98765432'[total % 11] === number.slice(-1).toUpperCase()
}

export function personalIn(text: string): boolean {
  if (Array.from(text.matchAll(CITIZEN)).some((found) => isCitizen(found[2] ?? ''))) return true
  return MOBILE.test(text.replace(CITIZEN, ' '))
}

const watched = new WeakSet<HTMLTextAreaElement>() // a piece that htmx brings comes with what stands around it

export function personalWarnings(root: ParentNode): void {
  for (const field of all<HTMLTextAreaElement>('textarea:not([data-personal-ok])', root)) {
    if (watched.has(field)) continue
    watched.add(field)
    const note = element('p', { class: 'form-warning', role: 'status' })
    field.after(note)
    const look = (): void => {
      note.textContent = personalIn(field.value) ? words(document.body, 'personal') : ''
    }
    field.addEventListener('input', look)
    look()
  }
}
