// Every page: htmx with evaluation off, theme, keys, lists, questions before an act, one sending only, live parts.
import htmx from 'htmx.org'
import { all, cookie, element, everywhere, one, typing, words } from './dom'
import { personalWarnings } from './personal'
import { searching } from './searching'

const POLL = 4000
const YEAR = 365 * 24 * 3600

htmx.config.allowEval = false
htmx.config.includeIndicatorStyles = false
htmx.config.historyCacheSize = 0 // pages with personal data leave no copy in the browser's storage
// a refused form (422) comes back with its words and is shown in place
htmx.config.responseHandling = [
  { code: '204', swap: false },
  { code: '[23]..', swap: true },
  { code: '422', swap: true },
  { code: '[45]..', swap: false, error: true },
]

function said(text: string): void {
  if (!text) return
  const box = one('.messages') ?? element('div', { class: 'messages', role: 'status' })
  const line = element('div', { class: 'message message-warning', role: 'alert' })
  line.append(element('p', {}, text))
  box.replaceChildren(line)
  if (!box.isConnected) one('main')?.prepend(box)
  box.scrollIntoView({ block: 'nearest' })
}

for (const trouble of ['htmx:sendError', 'htmx:responseError', 'htmx:timeout']) {
  document.addEventListener(trouble, (event) => {
    if ((event.target as HTMLElement).closest('[data-poll]')) return // the next one follows in seconds
    said(words(document.body, 'failed'))
  })
}
document.addEventListener('htmx:configRequest', (event) => {
  const headers = (event as CustomEvent<{ headers: Record<string, string> }>).detail.headers
  const token = cookie('csrftoken')
  if (token) headers['X-CSRFToken'] = token // the page may be older than the last sign-in
})

// theme: at once, without loading the page again
document.addEventListener('submit', (event) => {
  const form = event.target as HTMLFormElement
  if (!form.matches('[data-theme-form]')) return
  const chosen = (event as SubmitEvent).submitter as HTMLButtonElement | null
  if (!chosen) return
  event.preventDefault()
  const secure = location.protocol === 'https:' ? '; secure' : ''
  document.cookie = `theme=${chosen.value}; path=/; samesite=lax; max-age=${chosen.value ? YEAR : 0}${secure}`
  if (chosen.value) document.documentElement.dataset['theme'] = chosen.value
  else delete document.documentElement.dataset['theme']
  for (const button of all('button', form)) button.removeAttribute('aria-current')
  chosen.setAttribute('aria-current', 'true')
})

// a question before an act that cannot be taken back easily
let question: HTMLDialogElement | null = null
document.addEventListener(
  'submit',
  (event) => {
    const form = event.target as HTMLFormElement
    const button = (event as SubmitEvent).submitter
    const asked = (button instanceof HTMLElement ? button.dataset['confirm'] : '') || form.dataset['confirm']
    if (!asked || form.dataset['confirmed'] !== undefined) {
      delete form.dataset['confirmed']
      return
    }
    event.preventDefault()
    event.stopImmediatePropagation()
    question?.remove()
    const dialog = element('dialog', { class: 'sheet', 'aria-labelledby': 'question' })
    question = dialog
    const acts = element('div', { class: 'sheet-acts' })
    const yes = element('button', { type: 'button', class: 'btn btn-primary' }, words(document.body, 'confirm'))
    const no = element('button', { type: 'button', class: 'btn' }, words(document.body, 'cancel'))
    acts.append(yes, no)
    dialog.append(element('p', { id: 'question' }, asked), acts)
    no.addEventListener('click', () => dialog.close())
    yes.addEventListener('click', () => {
      dialog.close()
      form.dataset['confirmed'] = ''
      form.requestSubmit(button)
    })
    document.body.append(dialog)
    dialog.showModal()
    yes.focus()
  },
  true,
)

// one sending only: a second press while the first is on its way does nothing
document.addEventListener('submit', (event) => {
  const form = event.target as HTMLFormElement
  if (!form.matches('form[data-once]') || event.defaultPrevented) return
  if (form.dataset['sent'] !== undefined) {
    event.preventDefault()
    return
  }
  form.dataset['sent'] = ''
  const button = (event as SubmitEvent).submitter ?? one('button:not([type=button])', form)
  if (button instanceof HTMLButtonElement) {
    button.dataset['said'] = button.textContent ?? ''
    // after the browser has gathered the form: a disabled button would not be sent with it
    setTimeout(() => {
      button.setAttribute('aria-disabled', 'true')
      button.textContent = words(document.body, 'sending')
    })
  }
})
const release = () => {
  for (const form of all<HTMLFormElement>('form[data-sent]')) {
    delete form.dataset['sent']
    for (const button of all<HTMLButtonElement>('button[data-said]', form)) {
      button.textContent = button.dataset['said'] ?? ''
      button.removeAttribute('aria-disabled')
      delete button.dataset['said']
    }
  }
}
window.addEventListener('pageshow', (event) => event.persisted && release())
document.addEventListener('htmx:afterRequest', release)
document.addEventListener('form:released', release)

// keys
function keys(): void {
  const dialog = one<HTMLDialogElement>('dialog#keys')
  if (dialog && !dialog.open) dialog.showModal()
}

function move(step: number): void {
  const list = one('[data-list]')
  if (!list) return
  const items = all('[data-item]', list).filter((each) => each.offsetParent !== null)
  const at = items.findIndex((each) => each.dataset['chosen'] !== undefined)
  const next = items[Math.max(0, Math.min(items.length - 1, at === -1 && step < 0 ? items.length - 1 : at + step))]
  if (!next) return
  for (const each of items) delete each.dataset['chosen']
  next.dataset['chosen'] = ''
  next.scrollIntoView({ block: 'nearest' })
  const link = one<HTMLAnchorElement>('[data-open]', next)
  link?.focus({ preventScroll: true })
  if (list.dataset['follow'] !== undefined && link) follow(link)
}

let following = 0
function follow(link: HTMLAnchorElement): void {
  clearTimeout(following)
  following = window.setTimeout(() => link.click(), 180)
}

document.addEventListener('keydown', (event) => {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.isComposing || typing(event.target)) return
  if (one('dialog[open]')) return
  switch (event.key) {
    case '?':
      keys()
      break
    case 'j':
      move(1)
      break
    case 'k':
      move(-1)
      break
    case '/': {
      const search = one<HTMLInputElement>('input[type=search], [role=search] input:not([type=hidden])')
      if (!search) return
      search.focus()
      search.select()
      break
    }
    default:
      return
  }
  event.preventDefault()
})
document.addEventListener('click', (event) => {
  const target = event.target as HTMLElement
  if (target.closest('[data-keys]')) keys()
  if (target.closest('[data-print]')) window.print()
  for (const menu of all<HTMLDetailsElement>('details.person[open]')) if (!menu.contains(target)) menu.open = false
})
document.addEventListener('keydown', (event) => {
  if (event.key !== 'Escape') return
  for (const menu of all<HTMLDetailsElement>('details.person[open]')) {
    menu.open = false
    one('summary', menu)?.focus()
  }
})

// live parts: asked again every few seconds while the page is seen; an equal answer changes nothing
const last = new WeakMap<Element, string>()
function poll(root: ParentNode): void {
  for (const part of all('[data-poll]', root)) {
    if (part.hasAttribute('hx-get')) continue
    part.setAttribute('hx-get', part.dataset['poll'] ?? '')
    part.setAttribute('hx-trigger', 'poll')
    part.setAttribute('hx-swap', part.dataset['pollSwap'] ?? 'outerHTML')
    htmx.process(part)
  }
}
setInterval(() => {
  if (document.hidden) return
  for (const part of all('[data-poll]')) {
    // never under somebody's hands
    if (!part.contains(document.activeElement) || !typing(document.activeElement)) htmx.trigger(part, 'poll', {})
  }
}, POLL)
document.addEventListener('htmx:beforeSwap', (event) => {
  const { target, xhr } = (event as CustomEvent<{ target: Element; xhr: XMLHttpRequest; shouldSwap: boolean }>).detail
  const part = (event.target as Element).closest('[data-poll]')
  if (!part || !target) return
  if (last.get(part) === xhr.responseText) (event as CustomEvent<{ shouldSwap: boolean }>).detail.shouldSwap = false
  last.set(part, xhr.responseText)
})

everywhere((root) => {
  poll(root)
  personalWarnings(root)
  searching(root)
  one('[data-focus]', root)?.focus()
})
// a line of tabs that is wider than the screen begins with the one that is open
for (const open of all('.side [aria-current], .tabs [aria-current]')) {
  const line = open.closest<HTMLElement>('.side, .tabs')
  if (!line) continue
  const [inner, outer] = [open.getBoundingClientRect(), line.getBoundingClientRect()]
  if (inner.right > outer.right) line.scrollLeft += inner.right - outer.right + (outer.width - inner.width) / 2
}
document.documentElement.dataset['scripted'] = ''
