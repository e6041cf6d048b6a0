// What a person writes stays on the device until the server has given a number for it (`data-draft-done`).
import { all } from './dom'
import { giveIds } from './ids'

const PREFIX = 'draft:'
const KEEP = 24 * 3600 * 1000 // a shared device must not show yesterday's words

type Saved = { at: number; values: Record<string, string> }
type Control = HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement

function kept(form: HTMLFormElement): Control[] {
  // never what is personal or a secret: phones, passwords, anything marked
  return (Array.from(form.elements) as Control[]).filter(
    (each) =>
      each.name &&
      each.name !== 'csrfmiddlewaretoken' &&
      each.matches('input, textarea, select') &&
      !each.matches('[type=file], [type=tel], [type=password], [type=submit], [data-no-draft]'),
  )
}

export function drafts(root: ParentNode): void {
  for (const done of all('[data-draft-done]', root)) forget(done.dataset['draftDone'] ?? '')
  for (const form of all<HTMLFormElement>('form[data-draft]', root)) {
    const key = PREFIX + (form.dataset['draft'] ?? '')
    restore(form, key)
    giveIds(form)
    form.addEventListener('input', () => save(form, key))
    form.addEventListener('change', () => save(form, key))
    save(form, key, true)
  }
}

function forget(name: string): void {
  try {
    localStorage.removeItem(PREFIX + name)
  } catch {
    // no storage, no draft
  }
}

function save(form: HTMLFormElement, key: string, onlyKnown = false): void {
  const values: Record<string, string> = {}
  for (const each of kept(form)) {
    if (each instanceof HTMLInputElement && (each.type === 'radio' || each.type === 'checkbox')) {
      if (each.checked) values[each.name] = each.value
    } else values[each.name] = each.value
  }
  try {
    if (onlyKnown && !localStorage.getItem(key)) return
    localStorage.setItem(key, JSON.stringify({ at: Date.now(), values } satisfies Saved))
  } catch {
    // storage full or forbidden: the form itself still works
  }
}

function restore(form: HTMLFormElement, key: string): void {
  let saved: Saved | null = null
  try {
    saved = JSON.parse(localStorage.getItem(key) ?? 'null') as Saved | null
    if (saved && Date.now() - saved.at > KEEP) {
      localStorage.removeItem(key)
      return
    }
  } catch {
    return
  }
  if (!saved) return
  for (const each of kept(form)) {
    const value = saved.values[each.name]
    if (value === undefined) continue
    if (each instanceof HTMLInputElement && (each.type === 'radio' || each.type === 'checkbox')) {
      each.checked = each.value === value
    } else if (!each.value) each.value = value
  }
}
