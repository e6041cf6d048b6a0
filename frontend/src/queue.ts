// What was not sent yet. Every marked form is written to the phone first and sent from there, oldest first; it leaves
// the phone only when the server has accepted it. The ids in the form make a second sending harmless.
import { cookie } from './dom'

export interface Waiting {
  key?: number
  owner: string
  url: string
  title: string
  at: number
  fields: [string, string | Blob, string?][]
  refused?: string
}

export type Outcome =
  | { kind: 'accepted'; url: string }
  | { kind: 'refused'; why: string }
  | { kind: 'later' }
  | { kind: 'sign-in' }

const STORE = 'waiting'

function open(): Promise<IDBDatabase> {
  return new Promise((done, failed) => {
    const request = indexedDB.open('civicloop', 1)
    request.onupgradeneeded = () => request.result.createObjectStore(STORE, { keyPath: 'key', autoIncrement: true })
    request.onsuccess = () => done(request.result)
    request.onerror = () => failed(request.error ?? new Error('storage'))
  })
}

async function with_<T>(mode: IDBTransactionMode, use: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const database = await open()
  try {
    return await new Promise<T>((done, failed) => {
      const transaction = database.transaction(STORE, mode, { durability: 'strict' })
      const request = use(transaction.objectStore(STORE))
      transaction.oncomplete = () => done(request.result)
      transaction.onerror = transaction.onabort = () => failed(transaction.error ?? new Error('storage'))
    })
  } finally {
    database.close()
  }
}

export const keep = (item: Waiting): Promise<IDBValidKey> => with_('readwrite', (store) => store.put(item))
export const drop = (key: number): Promise<undefined> => with_('readwrite', (store) => store.delete(key))
export const waiting = async (owner: string): Promise<Waiting[]> =>
  (await with_<Waiting[]>('readonly', (store) => store.getAll() as IDBRequest<Waiting[]>)).filter((item) => item.owner === owner)

/** A form as it would be posted, without the token of the page, which may be old by then. */
export function gathered(form: HTMLFormElement, button: HTMLElement | null, owner: string): Waiting {
  const data = new FormData(form, button instanceof HTMLButtonElement && button.name ? button : null)
  const fields: Waiting['fields'] = []
  for (const [name, value] of data.entries()) {
    if (name === 'csrfmiddlewaretoken') continue
    if (typeof value === 'string') fields.push([name, value])
    else if (value.size) fields.push([name, value, value.name])
  }
  return { owner, url: form.action, title: form.dataset['queue'] || document.title, at: Date.now(), fields }
}

/** Send one. Accepted: a redirect after the post, 201 or 204. A page instead (200) is the form with its errors. */
export async function send(item: Waiting, signIn: string): Promise<Outcome> {
  const body = new FormData()
  for (const [name, value, file] of item.fields) {
    if (typeof value === 'string') body.append(name, value)
    else body.append(name, value, file ?? 'file')
  }
  let answer: Response
  const patience = new AbortController()
  const timer = setTimeout(() => patience.abort(), 60_000)
  try {
    answer = await fetch(item.url, {
      method: 'POST',
      body,
      headers: { 'X-CSRFToken': cookie('csrftoken'), 'X-Queue': '1' },
      credentials: 'same-origin',
      signal: patience.signal,
    })
  } catch {
    return { kind: 'later' }
  } finally {
    clearTimeout(timer)
  }
  if (answer.status === 401 || (answer.redirected && signIn && new URL(answer.url).pathname === signIn)) return { kind: 'sign-in' }
  if (answer.status === 201 || answer.status === 204 || (answer.ok && answer.redirected)) return { kind: 'accepted', url: answer.url }
  if (answer.status >= 500 || answer.status === 429 || answer.status === 408) return { kind: 'later' }
  return { kind: 'refused', why: await reason(answer) }
}

async function reason(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '')
  if (answer.headers.get('content-type')?.includes('json')) {
    try {
      const problem = JSON.parse(text) as { detail?: string; title?: string }
      return problem.detail ?? problem.title ?? String(answer.status)
    } catch {
      return String(answer.status)
    }
  }
  const page = new DOMParser().parseFromString(text, 'text/html')
  const errors = Array.from(page.querySelectorAll('.form-error, .trouble, main h1'), (each) => each.textContent?.trim() ?? '')
  return errors.filter(Boolean).slice(0, 3).join(' ') || String(answer.status)
}
