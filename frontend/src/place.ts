// Where it is: the phone's own place, a tap on the outline map, or lists that narrow; all fill the same fields.
import { all, element, one, words } from './dom'

interface Area {
  code: string
  name: string | Record<string, string>
}

const ROUGH = 100 // metres from which the phone's place alone is not enough

export function places(root: ParentNode): void {
  for (const box of all('[data-place]', root)) {
    if (box.dataset['placeReady'] !== undefined) continue
    box.dataset['placeReady'] = ''
    here(box)
    lists(box)
    box.addEventListener('place', (event) => {
      const { lon, lat } = (event as CustomEvent<{ lon: number; lat: number }>).detail
      fill(box, lon, lat, '')
      say(box, words(box, 'picked'))
    })
  }
}

function fill(box: HTMLElement, lon: number, lat: number, accuracy: string): void {
  const set = (selector: string, value: string) => {
    const input = one<HTMLInputElement>(selector, box)
    if (input) input.value = value
  }
  set('[data-lon]', lon.toFixed(6))
  set('[data-lat]', lat.toFixed(6))
  set('[data-crs]', 'wgs84')
  set('[data-accuracy]', accuracy)
  // hidden fields say nothing by themselves: what depends on the place looks again
  box.dispatchEvent(new Event('change', { bubbles: true }))
}

function say(box: HTMLElement, text: string): void {
  const line = one('[data-place-said]', box)
  if (line) line.textContent = text
}

function here(box: HTMLElement): void {
  const button = one<HTMLButtonElement>('[data-geolocate]', box)
  if (!button || !('geolocation' in navigator)) return
  button.hidden = false
  button.addEventListener('click', () => {
    button.disabled = true
    say(box, words(box, 'finding'))
    navigator.geolocation.getCurrentPosition(
      ({ coords }) => {
        button.disabled = false
        const metres = Math.max(1, Math.round(coords.accuracy))
        fill(box, coords.longitude, coords.latitude, String(metres))
        say(box, words(box, metres > ROUGH ? 'rough' : 'found', { n: metres }))
      },
      () => {
        button.disabled = false
        say(box, words(box, 'denied'))
      },
      { enableHighAccuracy: true, timeout: 15_000, maximumAge: 30_000 },
    )
  })
}

function lists(box: HTMLElement): void {
  const selects = all<HTMLSelectElement>('select[data-level]', box)
  const url = box.dataset['areasUrl']
  if (!url) return
  selects.forEach((select, at) => {
    select.addEventListener('change', () => {
      one<HTMLElement & { choose?: (code: string) => void }>('area-map', box)?.choose?.(select.value)
      const below = selects.slice(at + 1)
      for (const each of below) options(box, each, [])
      const next = below[0]
      if (next && select.value) void children(url, select.value).then((areas) => options(box, next, areas))
    })
  })
}

async function children(url: string, parent: string): Promise<Area[]> {
  const address = new URL(url, location.href)
  address.searchParams.set('parent', parent)
  try {
    const answer = await fetch(address, { headers: { Accept: 'application/json' } })
    if (!answer.ok) return []
    const body: unknown = await answer.json()
    if (Array.isArray(body)) return body as Area[]
    const bag = body as Record<string, Area[] | undefined>
    return bag['items'] ?? bag['areas'] ?? bag['results'] ?? []
  } catch {
    return [] // the address field below still takes the place in words
  }
}

function options(box: HTMLElement, select: HTMLSelectElement, areas: Area[]): void {
  const language = document.documentElement.lang.toLowerCase()
  select.replaceChildren(element('option', { value: '' }, words(box, 'choose')))
  for (const { code, name } of areas) {
    const shown = typeof name === 'string' ? name : (name[language] ?? name['zh-hans'] ?? code)
    select.append(element('option', { value: code }, shown))
  }
}
