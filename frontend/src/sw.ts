// The service worker: the network first; a kept page or file when there is none. It keeps only what a page names, and
// forgets the pages when somebody signs out. What is not sent yet lies in the page's own queue, not here.
export {}
declare const self: ServiceWorkerGlobalScope

const CACHE = 'kept'
const PATIENCE = 6000

interface Wish {
  keep?: string[]
  forget?: boolean
}

self.addEventListener('install', () => void self.skipWaiting())
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()))

self.addEventListener('message', (event: ExtendableMessageEvent) => {
  const wish = event.data as Wish
  if (wish.forget) event.waitUntil(caches.delete(CACHE))
  if (wish.keep) event.waitUntil(keep(wish.keep))
})

async function keep(addresses: string[]): Promise<void> {
  const cache = await caches.open(CACHE)
  for (const address of addresses) {
    const url = new URL(address, self.location.origin)
    if (url.origin !== self.location.origin) continue
    const answer = await fetch(url, { credentials: 'same-origin' }).catch(() => null)
    // a redirect (to sign in) is not the page that was named
    if (answer?.ok && !answer.redirected) await cache.put(url.pathname, answer)
  }
}

self.addEventListener('fetch', (event: FetchEvent) => {
  const { request } = event
  const url = new URL(request.url)
  if (request.method !== 'GET' || url.origin !== self.location.origin) return
  if (request.mode !== 'navigate' && !url.pathname.startsWith('/static/')) return
  event.respondWith(networkFirst(request, url.pathname))
})

async function networkFirst(request: Request, path: string): Promise<Response> {
  const cache = await caches.open(CACHE)
  const kept = await cache.match(path)
  if (!kept) return fetch(request)
  const network = fetch(request).then((answer) => {
    if (answer.ok && !answer.redirected && request.url.indexOf('?') < 0) void cache.put(path, answer.clone())
    return answer
  })
  const late = new Promise<null>((done) => setTimeout(() => done(null), PATIENCE))
  return (await Promise.race([network, late]).catch(() => null)) ?? kept
}
