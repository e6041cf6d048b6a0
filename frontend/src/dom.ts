// Small helpers that every script uses. Words come from data-words-* attributes: scripts carry none of their own.

export const all = <T extends Element = HTMLElement>(selector: string, within: ParentNode = document): T[] =>
  Array.from(within.querySelectorAll<T>(selector))

export const one = <T extends HTMLElement = HTMLElement>(selector: string, within: ParentNode = document): T | null =>
  within.querySelector<T>(selector)

/** The words that the template gave to an element, with `{n}` and the like filled in. */
export function words(element: HTMLElement, name: string, fill: Record<string, string | number> = {}): string {
  const key = 'words' + name.charAt(0).toUpperCase() + name.slice(1).replace(/-(\w)/g, (_all, sign: string) => sign.toUpperCase())
  const text = element.dataset[key] ?? ''
  return text.replace(/\{(\w+)\}/g, (_all, slot: string) => String(fill[slot] ?? ''))
}

/** Whether a key press belongs to a control that wants it. */
export function typing(target: EventTarget | null): boolean {
  return target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea, select'))
}

/** Run now, and again for every piece of page that htmx brings. */
export function everywhere(begin: (root: ParentNode) => void): void {
  begin(document)
  document.addEventListener('htmx:load', (event) => {
    const root = (event as CustomEvent<{ elt: HTMLElement }>).detail.elt
    if (root !== document.body) begin(root.parentElement ?? root)
  })
}

export function element<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Record<string, string> = {},
  text = '',
): HTMLElementTagNameMap[K] {
  const made = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  if (text) made.textContent = text
  return made
}

export function cookie(name: string): string {
  const found = document.cookie.split('; ').find((each) => each.startsWith(`${name}=`))
  return found ? decodeURIComponent(found.slice(name.length + 1)) : ''
}
