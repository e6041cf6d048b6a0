// <one-map>: the map of matters over the page's own drawing. The drawing, the table and the list stay true without it.
// Words come from data-words-* attributes, colours from the tokens; the filter is the page's address.
import * as maplibregl from 'maplibre-gl'
import type { SourceSpecification } from 'maplibre-gl'
import { Areas } from './mapareas'
import { addBase, type Base } from './mapbase'
import { DaySlider } from './mapday'
import { canDraw, drawnIn } from './mapcanvas'
import { layers } from './maplayers'
import './publicmap'
import { all, element, one, words } from './dom'

interface Config {
  bounds: [number, number, number, number] | null
  filter: string
  level: string
  area: number
  rawFrom: number
  most: number
  stages: Record<string, string>
  base: Base
  coloured: string
  months: string[]
}

interface Line {
  url: string
  title: string
  number: string
  stage: string
  late: boolean
}

const NEWS = 4_000 // how often the server is asked whether anything has changed
const MINUTE = 60_000 // deadlines pass without any act
const LEVELS = ['district', 'subdistrict', 'community', 'grid']
const MATTERS = ['heat', 'clusters', 'cluster-numbers', 'late', 'late-numbers', 'points', 'point-stages']

class OneMap extends HTMLElement {
  private config!: Config
  private map!: maplibregl.Map
  private filter = new URLSearchParams()
  private look = 'clusters'
  private state = ''
  private sideAt = 0
  private areas!: Areas

  connectedCallback(): void {
    if (this.map) return
    this.config = JSON.parse(this.dataset['config'] ?? '{}') as Config
    this.filter = new URLSearchParams(this.config.filter)
    this.look = all('[data-look]', this).find((each) => each.getAttribute('aria-pressed') === 'true')?.dataset['look'] ?? 'clusters'
    share(this)
    if (!this.config.bounds || !canDraw()) {
      this.prepend(element('p', { class: 'map-asleep' }, words(this, 'asleep')))
      return
    }
    try {
      this.awake(this.config.bounds)
    } catch {
      this.classList.remove('map-awake')
      this.prepend(element('p', { class: 'map-asleep' }, words(this, 'asleep')))
    }
  }

  private awake(bounds: [number, number, number, number]): void {
    this.map = drawnIn(this, { version: 8, sources: this.sources(), layers: layers(this.config.rawFrom, this.config.stages, this.config.area) }, bounds)
    this.map.once('load', () => this.ready())
  }

  private ready(): void {
    addBase(this.map, this.config.base, 'areas-fill')
    this.areas = new Areas(this, this.map)
    for (const each of all('.map-looks, .map-time, .map-day, .map-signs', this.closest('.map-side') ?? this)) each.hidden = false
    this.buttons()
    this.slider()
    this.days()
    this.clicks()
    this.show()
    void this.colour()
    setInterval(() => void this.news(), NEWS)
    setInterval(() => this.reload(), MINUTE)
    this.dataset['ready'] = ''
    this.map.on('idle', () => (this.dataset['drawn'] = ''))
  }

  // -- what is drawn ------------------------------------------------------------------------------------------------

  private tiles(layer: string, query: Record<string, string> = {}): string[] {
    const wanted = new URLSearchParams(this.filter)
    for (const name of ['look', 'indicator', 'period', 'day']) wanted.delete(name)
    for (const [name, value] of Object.entries(query)) wanted.set(name, value)
    if (this.state) wanted.set('v', this.state)
    return [`${location.origin}${this.dataset['tiles'] ?? '/tiles/'}${layer}/{z}/{x}/{y}.mvt?${wanted.toString()}`]
  }

  private sources(): Record<string, SourceSpecification> {
    const origin = `${location.origin}${this.dataset['tiles'] ?? '/tiles/'}`
    const matters = { type: 'vector' as const, maxzoom: this.config.most }
    const from = this.config.rawFrom
    return {
      areas: { type: 'vector', tiles: [`${origin}areas/{z}/{x}/{y}.mvt`], maxzoom: 15 },
      overlays: { type: 'vector', tiles: [`${origin}overlays/{z}/{x}/{y}.mvt`], maxzoom: 15 },
      matters: { ...matters, tiles: this.tiles('matters') },
      cells: { ...matters, tiles: this.tiles('matters', { by: 'cell' }), maxzoom: this.config.rawFrom },
      components: { type: 'vector', tiles: [`${origin}components/{z}/{x}/{y}.mvt`], minzoom: from, maxzoom: 18 },
      late: { ...matters, tiles: this.tiles('matters', { due: 'overdue' }), maxzoom: this.config.rawFrom - 1 },
    }
  }

  private show(): void {
    const shown: Record<string, string[]> = { clusters: MATTERS.slice(1), heat: ['heat', 'late', 'late-numbers', 'points', 'point-stages'], areas: [] }
    for (const layer of MATTERS) {
      this.map.setLayoutProperty(layer, 'visibility', shown[this.look]?.includes(layer) ? 'visible' : 'none')
    }
    this.areas.show(this.look === 'areas')
    this.sign('clusters', this.look === 'clusters')
    this.sign('heat', this.look === 'heat')
    this.sign('late', this.look !== 'areas')
  }

  /** Whether the legend says a sign. */
  private sign(name: string, there: boolean): void {
    for (const each of all(`[data-sign=${name}]`, this.closest('.map-side') ?? this)) each.hidden = !there
  }

  private colour(): Promise<void> {
    return this.areas.ask(`${this.dataset['areas']}?${this.asked()}`)
  }

  private asked(): string {
    const query = new URLSearchParams(this.filter)
    query.delete('look')
    return query.toString()
  }

  // -- what a person does -----------------------------------------------------------------------------------------------

  private buttons(): void {
    const looks = all('[data-look]', this)
    for (const button of looks) {
      button.addEventListener('click', () => {
        this.choose(button.dataset['look'] ?? 'clusters')
        this.address()
      })
    }
    for (const over of all<HTMLInputElement>('[data-over]', this)) {
      const layer = over.dataset['over'] ?? ''
      over.addEventListener('change', () => {
        this.map.setLayoutProperty(layer, 'visibility', over.checked ? 'visible' : 'none')
        this.sign(layer, over.checked)
      })
    }
  }

  private choose(look: string): void {
    this.look = look
    for (const each of all('[data-look]', this)) each.setAttribute('aria-pressed', String(each.dataset['look'] === look))
    this.show()
  }

  private days(): void {
    const box = one('.map-day', this)
    if (!box) return
    const slider = new DaySlider(box, this.areas, () => `${this.dataset['days']}?${this.asked()}`, (past) => {
      if (past && this.look !== 'areas') this.choose('areas')
    }, (day) => {
      if (day) this.filter.set('day', day)
      else this.filter.delete('day')
      for (const name of ['indicator', 'period']) this.filter.delete(name)
      for (const name of ['indicator', 'period', 'day']) {
        const field = one<HTMLInputElement>(`form [name=${name}]`)
        if (field) field.value = name === 'day' ? day : ''
      }
      this.address()
      if (!day) void this.colour()
      this.sideAt = 0
      void this.side()
    })
    void slider.begin(this.filter.get('day') ?? '')
  }

  private slider(): void {
    const box = one('.map-time', this.closest('.map-side') ?? this)
    const input = box && one<HTMLInputElement>('input', box)
    const said = box && one('output', box)
    if (!box || !input || !said) return
    const months = this.config.months
    const begun = months.indexOf(this.filter.get('since') ?? '')
    input.max = String(months.length)
    input.value = String(begun >= 0 && this.filter.get('since') === this.filter.get('until') ? begun + 1 : 0)
    const say = () => (said.textContent = months[Number(input.value) - 1] ?? words(box, 'all'))
    say()
    input.addEventListener('input', () => {
      say()
      input.setAttribute('aria-valuetext', said.textContent ?? '')
    })
    input.addEventListener('change', () => {
      const month = months[Number(input.value) - 1]
      for (const name of ['since', 'until']) {
        if (month) this.filter.set(name, month)
        else this.filter.delete(name)
        const field = one<HTMLInputElement>(`form [name=${name}]`)
        if (field) field.value = month ?? ''
      }
      this.address()
      this.reload()
      void this.colour()
      void this.side()
    })
  }

  private address(): void {
    const usual = this.filter.get('indicator') || this.filter.get('day') ? 'areas' : 'clusters'
    if (this.look === usual) this.filter.delete('look')
    else this.filter.set('look', this.look)
    history.replaceState(history.state, '', `?${this.filter.toString()}${location.hash}`)
  }

  private clicks(): void {
    const near = (event: maplibregl.MapMouseEvent) => this.map.queryRenderedFeatures(event.point, { layers: ['points', 'components', 'clusters', 'late', 'names', 'areas-fill'] })
    this.map.on('mousemove', (event) => {
      this.map.getCanvas().style.cursor = near(event).length ? 'pointer' : ''
    })
    this.map.on('click', (event) => {
      const [hit] = near(event)
      if (!hit) return
      const at = hit.geometry.type === 'Point' ? (hit.geometry.coordinates as [number, number]) : ([event.lngLat.lng, event.lngLat.lat] as [number, number])
      if (hit.layer.id === 'points') void this.popup(at)
      else if (hit.layer.id === 'clusters' || hit.layer.id === 'late') this.map.easeTo({ center: at, zoom: Math.min(this.map.getZoom() + 2, 17) })
      else if (hit.layer.id === 'components') this.component(at, hit)
      else this.area(at, hit)
    })
  }

  private area(at: [number, number], hit: maplibregl.MapGeoJSONFeature): void {
    const [code, level, name] = ['code', 'level', 'name'].map((each) => String(hit.properties[each] ?? '')) as [string, string, string]
    if (!code || !LEVELS.includes(level)) return
    const query = new URLSearchParams(this.filter)
    query.set('area', code)
    const address = `${this.dataset['page']}?${query.toString()}`
    if (!this.areas.opened(at, String(hit.id), name, address)) location.assign(address)
  }

  private component(at: [number, number], hit: maplibregl.MapGeoJSONFeature): void {
    const box = element('div', { class: 'map-popup' })
    const address = (this.dataset['component'] ?? '').replace('/0', `/${String(hit.id)}`)
    box.append(element('a', { href: address }, String(hit.properties['name'])), element('br'), element('span', { class: 'quiet' }, String(hit.properties['code'])))
    new maplibregl.Popup({ maxWidth: '320px' }).setLngLat(at).setDOMContent(box).addTo(this.map)
  }

  private async popup(at: [number, number]): Promise<void> {
    const query = new URLSearchParams(this.asked())
    query.set('lon', String(at[0]))
    query.set('lat', String(at[1]))
    query.set('z', String(Math.floor(this.map.getZoom())))
    const popup = new maplibregl.Popup({ maxWidth: '320px' }).setLngLat(at).setText(words(this, 'loading')).addTo(this.map)
    const answer = await fetch(`${this.dataset['here']}?${query.toString()}`).catch(() => null)
    const lines = answer?.ok ? ((await answer.json()) as { matters: Line[] }).matters : []
    const box = element('div', { class: 'map-popup' })
    if (!lines.length) box.append(element('p', {}, words(this, 'none')))
    else {
      if (lines.length > 1) box.append(element('p', { class: 'quiet' }, words(this, 'one', { n: lines.length })))
      const list = element('ul')
      for (const line of lines) {
        const item = element('li')
        item.append(element('a', { href: line.url }, line.title), element('br'), element('span', { class: 'quiet' }, `${line.number} · ${line.stage}`))
        if (line.late) item.append(' ', element('span', { class: 'mark mark-now' }, words(this, 'late')))
        list.append(item)
      }
      box.append(list)
    }
    popup.setDOMContent(box)
  }

  // -- fresh ------------------------------------------------------------------------------------------------------------

  private async news(): Promise<void> {
    if (document.hidden) return
    const answer = await fetch(this.dataset['news'] ?? '', { cache: 'no-cache' }).catch(() => null)
    if (!answer?.ok) return
    const { state } = (await answer.json()) as { state: string }
    if (state === this.state) return
    const first = this.state === ''
    this.state = state
    if (first) return
    this.reload()
    void this.colour()
    void this.side()
  }

  private reload(): void {
    const queries: Record<string, Record<string, string>> = { matters: {}, cells: { by: 'cell' }, late: { due: 'overdue' } }
    for (const [name, query] of Object.entries(queries)) {
      const source = this.map.getSource(name) as maplibregl.VectorTileSource | undefined
      source?.setTiles(this.tiles('matters', query))
    }
  }

  /** Bring figures, table and list up to date, unless somebody is just using them. */
  private async side(): Promise<void> {
    if (Date.now() - this.sideAt < NEWS) return
    this.sideAt = Date.now()
    const answer = await fetch(`${location.pathname}${location.search}`).catch(() => null)
    if (!answer?.ok) return
    const fresh = new DOMParser().parseFromString(await answer.text(), 'text/html')
    for (const part of ['.map-head', '.list-side', '.map-classes', '.filters-active', '.filters-count']) {
      const [old, made] = [one(part), fresh.querySelector(part)]
      if (old && made && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(made))
    }
  }
}

function share(map: HTMLElement): void {
  const link = one<HTMLAnchorElement>('[data-share]')
  link?.addEventListener('click', (event) => {
    if (!navigator.clipboard) return
    event.preventDefault()
    void navigator.clipboard.writeText(location.href).then(() => {
      const said = element('span', { role: 'status', class: 'quiet' }, words(link, 'copied'))
      link.after(said)
      setTimeout(() => said.remove(), 4_000)
    })
  })
  const print = one<HTMLButtonElement>('[data-print]')
  if (print) {
    print.hidden = false
    print.addEventListener('click', () => window.print())
  }
  map.dataset['scripts'] = ''
}

customElements.define('one-map', OneMap)
