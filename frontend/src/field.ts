// Work outside: the same camera and place, and the queue that never loses what was taken without a network.
import { areaMap } from './areamap'
import { all, element, everywhere, one, words } from './dom'
import { giveIds } from './ids'
import { photos } from './photo'
import { places } from './place'
import { drop, gathered, keep, send, waiting } from './queue'

const line = one('#queue')
const owner = line?.dataset['owner'] ?? ''
const signIn = line?.dataset['signIn'] ?? ''
let busy = false

async function show(state = ''): Promise<void> {
  if (!line) return
  const items = await waiting(owner)
  const refused = items.filter((item) => item.refused)
  line.hidden = !items.length && !state
  const count = one('[data-queue-count]', line)
  if (count) count.textContent = items.length ? words(line, 'waiting', { n: items.length }) : ''
  const status = one('[data-queue-state]', line)
  if (status) {
    status.textContent =
      state || (refused.length ? words(line, 'refused', { n: refused.length }) : navigator.onLine ? '' : words(line, 'offline'))
  }
  const button = one<HTMLButtonElement>('[data-queue-send]', line)
  if (button) button.hidden = !items.length
  one('[data-queue-refused]', line)?.replaceChildren(
    ...refused.map((item) => {
      const entry = element('li', {}, `${item.title}: ${item.refused ?? ''} `)
      const discard = element('button', { type: 'button', class: 'btn btn-sm' }, words(line, 'discard'))
      // only the person throws something away, and says so twice
      discard.addEventListener('click', () => {
        if (item.key !== undefined && window.confirm(words(line, 'discard-sure'))) void drop(item.key).then(() => show())
      })
      entry.append(discard)
      return entry
    }),
  )
}

/** Send what waits, oldest first; `again` also tries what was refused. The address of the last accepted one. */
async function flush(again = false): Promise<{ url: string; left: boolean }> {
  let url = ''
  if (busy || !line) return { url, left: true }
  busy = true
  let state = ''
  try {
    for (const item of await waiting(owner)) {
      if (item.key === undefined || (item.refused && !again)) continue
      await show(words(line, 'sending'))
      const outcome = await send(item, signIn)
      if (outcome.kind === 'accepted') {
        await drop(item.key)
        url = outcome.url
      } else if (outcome.kind === 'refused') {
        await keep({ ...item, refused: outcome.why })
      } else {
        state = words(line, outcome.kind === 'sign-in' ? 'sign-in' : 'offline')
        break
      }
    }
  } finally {
    busy = false
  }
  await show(state)
  return { url, left: (await waiting(owner)).length > 0 }
}

/** One sender at a time, also with two pages open. */
async function alone(again = false): Promise<{ url: string; left: boolean }> {
  if (!navigator.locks) return flush(again)
  return navigator.locks.request('civicloop-queue', () => flush(again))
}

if (line && 'indexedDB' in window) {
  document.addEventListener('submit', (event) => {
    const form = event.target as HTMLFormElement
    if (!form.matches('form[data-queue]') || event.defaultPrevented) return
    event.preventDefault()
    void queued(form, (event as SubmitEvent).submitter)
  })
  window.addEventListener('online', () => void alone())
  window.addEventListener('offline', () => void show())
  document.addEventListener('visibilitychange', () => !document.hidden && void alone())
  one('[data-queue-send]', line)?.addEventListener('click', () => void alone(true))
  setInterval(() => navigator.onLine && !document.hidden && void alone(), 30_000)
  void show().then(() => {
    if (navigator.onLine) void alone()
  })
}

async function queued(form: HTMLFormElement, button: HTMLElement | null): Promise<void> {
  giveIds(form)
  try {
    await keep(gathered(form, button, owner))
  } catch {
    form.submit() // no storage on this phone: the ordinary way
    return
  }
  const { url, left } = await alone()
  document.dispatchEvent(new Event('form:released'))
  if (url && !left) {
    location.assign(url)
    return
  }
  form.reset()
  giveIds(form, true)
  const refused = (await waiting(owner)).some((item) => item.refused)
  if (!refused && line) await show(words(line, 'kept'))
  line?.scrollIntoView({ block: 'nearest' })
}

// the worker keeps the pages that say so, for a phone without a network
const worker = line?.dataset['worker']
if (worker && 'serviceWorker' in navigator) {
  void navigator.serviceWorker
    .register(worker, { scope: '/' })
    .then(() => navigator.serviceWorker.ready)
    .then((registration) => {
      if (!one('meta[name=offline]')) return
      const parts = all<HTMLLinkElement | HTMLScriptElement>('link[rel=stylesheet], link[rel=icon], script[src]')
      registration.active?.postMessage({
        keep: [location.pathname, ...parts.map((each) => ('href' in each ? each.href : each.src))],
      })
    })
    .catch(() => undefined)
  document.addEventListener('submit', (event) => {
    if ((event.target as HTMLElement).matches('[data-sign-out]')) navigator.serviceWorker.controller?.postMessage({ forget: true })
  })
}

areaMap()
everywhere((root) => {
  giveIds(root)
  photos(root)
  places(root)
})
