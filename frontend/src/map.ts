// <one-map>: the map of matters over the page's own drawing. The drawing, the table and the list stay true without it.
// Words come from data-words-* attributes, colours from the tokens; the filter is the page's address.
import * as maplibregl from 'maplibre-gl'
import type { ExpressionSpecification, LayerSpecification, SourceSpecification } from 'maplibre-gl'
import { addBase, type Base } from './mapbase'
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
const FONT = '"PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

class OneMap extends HTMLElement {
  private config!: Config
  private map!: maplibregl.Map
  private filter = new URLSearchParams()
  private look = 'clusters'
  private state = ''
  private sideAt = 0
  private coloured: { level: string; ids: string[] } = { level: '', ids: [] }

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
    const box = element('div', { class: 'map-canvas' })
    this.append(box)
    this.classList.add('map-awake')
    const worker = new URL(this.dataset['worker'] ?? '', location.href)
    maplibregl.setWorkerUrl(worker.href)
    const still = matchMedia('(prefers-reduced-motion: reduce)').matches
    this.map = new maplibregl.Map({
      container: box,
      style: { version: 8, sources: this.sources(), layers: this.layers() },
      bounds,
      fitBoundsOptions: { padding: 24 },
      maxZoom: 20,
      minZoom: 4,
      hash: 'at',
      dragRotate: false,
      pitchWithRotate: false,
      fadeDuration: still ? 0 : 150,
      attributionControl: false,
      localIdeographFontFamily: FONT,
      canvasContextAttributes: { preserveDrawingBuffer: true, antialias: true },
      locale: {
        'Map.Title': words(this, 'label'),
        'NavigationControl.ZoomIn': words(this, 'zoom-in'),
        'NavigationControl.ZoomOut': words(this, 'zoom-out'),
        'Popup.Close': words(this, 'close'),
      },
    })
    this.map.touchZoomRotate.disableRotation()
    this.map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right')
    this.map.addControl(new maplibregl.ScaleControl({ unit: 'metric' }), 'bottom-left')
    this.map.once('load', () => this.ready())
  }

  private ready(): void {
    addBase(this.map, this.config.base, 'areas-fill')
    for (const each of all('.map-looks, .map-time, .map-signs', this.closest('.map-side') ?? this)) each.hidden = false
    this.buttons()
    this.slider()
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
    wanted.delete('look')
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

  private layers(): LayerSpecification[] {
    const ink = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
    const [paper, surface, edge, quiet, brand, now] = ['paper', 'surface', 'edge', 'quiet', 'brand', 'now'].map(ink) as [string, string, string, string, string, string]
    const from = this.config.rawFrom
    const size: ExpressionSpecification = ['interpolate', ['linear'], ['log10', ['+', ['get', 'n'], 1]], 0.3, 9, 1, 13, 2, 18, 3, 24, 5, 36]
    const short: ExpressionSpecification = ['match', ['get', 'state'], ...Object.entries(this.config.stages).flat(), ['to-string', ['get', 'n']]] as unknown as ExpressionSpecification
    const text = { 'text-font': ['sans-serif'], 'text-size': 12 }
    const line = (level: string, width: number, opacity: number): LayerSpecification => ({
      id: `line-${level}`, type: 'line', source: 'areas', 'source-layer': 'areas', filter: ['==', ['get', 'level'], level],
      paint: { 'line-color': edge, 'line-width': width, 'line-opacity': opacity },
    })
    return [
      { id: 'paper', type: 'background', paint: { 'background-color': paper } },
      {
        id: 'areas-fill', type: 'fill', source: 'areas', 'source-layer': 'areas', filter: ['==', ['get', 'level'], ''],
        paint: {
          'fill-color': brand,
          'fill-opacity': ['interpolate', ['linear'], ['coalesce', ['feature-state', 'band'], 0], 0, 0.02, 1, 0.12, 5, 0.72],
        },
      },
      line('grid', 0.6, 0.5), line('community', 0.8, 0.6), line('subdistrict', 1.2, 0.8), line('district', 2, 0.9),
      { id: 'overlays', type: 'line', source: 'overlays', 'source-layer': 'areas', layout: { visibility: 'none' }, paint: { 'line-color': quiet, 'line-width': 1.5, 'line-dasharray': [3, 2] } },
      { id: 'components', type: 'circle', source: 'components', 'source-layer': 'components', layout: { visibility: 'none' }, paint: { 'circle-radius': 4, 'circle-color': ['case', ['==', ['get', 'state'], 'intact'], surface, now], 'circle-stroke-color': quiet, 'circle-stroke-width': 1.5 } },
      {
        id: 'heat', type: 'heatmap', source: 'cells', 'source-layer': 'matters',
        paint: {
          'heatmap-weight': ['interpolate', ['linear'], ['log10', ['+', ['get', 'n'], 1]], 0, 0, 3, 1],
          'heatmap-radius': ['interpolate', ['linear'], ['zoom'], 6, 8, 15, 26],
          'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 6, 0.5, 15, 1.6],
          'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(15,92,99,0)', 0.25, 'rgba(15,92,99,0.28)', 0.6, 'rgba(15,92,99,0.62)', 0.85, 'rgba(200,64,31,0.65)', 1, 'rgba(200,64,31,0.9)'],
          'heatmap-opacity': 0.85,
        },
      },
      { id: 'clusters', type: 'circle', source: 'matters', 'source-layer': 'matters', maxzoom: from, paint: { 'circle-radius': size, 'circle-color': brand, 'circle-opacity': 0.86, 'circle-stroke-color': surface, 'circle-stroke-width': 1.5 } },
      { id: 'cluster-numbers', type: 'symbol', source: 'matters', 'source-layer': 'matters', maxzoom: from, layout: { ...text, 'text-field': ['to-string', ['get', 'n']], 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': surface } },
      { id: 'late', type: 'circle', source: 'late', 'source-layer': 'matters', maxzoom: from, paint: { 'circle-radius': ['interpolate', ['linear'], ['log10', ['+', ['get', 'n'], 1]], 0.3, 7, 2, 11, 4, 16], 'circle-color': now, 'circle-stroke-color': surface, 'circle-stroke-width': 1.5, 'circle-translate': [13, -13] } },
      { id: 'late-numbers', type: 'symbol', source: 'late', 'source-layer': 'matters', maxzoom: from, layout: { ...text, 'text-size': 10, 'text-field': ['to-string', ['get', 'n']], 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': surface, 'text-translate': [13, -13] } },
      {
        id: 'points', type: 'circle', source: 'matters', 'source-layer': 'matters', minzoom: from,
        paint: {
          'circle-radius': ['case', ['>', ['get', 'n'], 1], 12, 9],
          'circle-color': ['case', ['>', ['coalesce', ['get', 'late'], 0], 0], now, brand],
          'circle-stroke-color': surface, 'circle-stroke-width': 2,
        },
      },
      { id: 'point-stages', type: 'symbol', source: 'matters', 'source-layer': 'matters', minzoom: from, layout: { ...text, 'text-field': ['case', ['>', ['get', 'n'], 1], ['to-string', ['get', 'n']], short], 'text-size': 11, 'text-offset': ['case', ['>', ['get', 'n'], 1], ['literal', [0, 0]], ['literal', [0, 1.5]]], 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': ['case', ['>', ['get', 'n'], 1], surface, ink('ink')], 'text-halo-color': ['case', ['>', ['get', 'n'], 1], 'rgba(0,0,0,0)', paper], 'text-halo-width': 1.5 } },
      {
        id: 'names', type: 'symbol', source: 'areas', 'source-layer': 'names',
        filter: ['any', ['all', ['==', ['get', 'level'], 'district'], ['<', ['zoom'], 11]], ['all', ['==', ['get', 'level'], 'subdistrict'], ['>=', ['zoom'], 10], ['<', ['zoom'], 14]], ['all', ['==', ['get', 'level'], 'community'], ['>=', ['zoom'], 13]]],
        layout: { ...text, 'text-field': ['get', 'name'], 'text-size': 13, 'text-max-width': 7, 'text-offset': [0, 1.6] },
        paint: { 'text-color': quiet, 'text-halo-color': paper, 'text-halo-width': 1.5 },
      },
    ]
  }

  private show(): void {
    const shown: Record<string, string[]> = { clusters: MATTERS.slice(1), heat: ['heat', 'late', 'late-numbers', 'points', 'point-stages'], areas: [] }
    for (const layer of MATTERS) {
      this.map.setLayoutProperty(layer, 'visibility', shown[this.look]?.includes(layer) ? 'visible' : 'none')
    }
    this.map.setFilter('areas-fill', ['==', ['get', 'level'], this.look === 'areas' ? this.coloured.level : ''])
  }

  private async colour(): Promise<void> {
    const query = new URLSearchParams(this.filter)
    query.delete('look')
    const answer = await fetch(`${this.dataset['areas']}?${query.toString()}`).catch(() => null)
    if (!answer?.ok) return
    const found = (await answer.json()) as { level: string; areas: Record<string, { n: number; band: number }> }
    const place = (id: string) => ({ source: 'areas', sourceLayer: 'areas', id: Number(id) })
    for (const id of this.coloured.ids) this.map.removeFeatureState(place(id))
    for (const [id, said] of Object.entries(found.areas)) this.map.setFeatureState(place(id), said)
    this.coloured = { level: found.level, ids: Object.keys(found.areas) }
    this.show()
  }

  // -- what a person does -----------------------------------------------------------------------------------------------

  private buttons(): void {
    const looks = all('[data-look]', this)
    for (const button of looks) {
      button.addEventListener('click', () => {
        this.look = button.dataset['look'] ?? 'clusters'
        for (const each of looks) each.setAttribute('aria-pressed', String(each === button))
        this.address()
        this.show()
      })
    }
    for (const over of all<HTMLInputElement>('[data-over]', this)) {
      const layer = over.dataset['over'] ?? ''
      over.addEventListener('change', () => this.map.setLayoutProperty(layer, 'visibility', over.checked ? 'visible' : 'none'))
    }
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
    if (this.look === 'clusters') this.filter.delete('look')
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
      else this.drill(String(hit.properties['code'] ?? ''), String(hit.properties['level'] ?? ''))
    })
  }

  private drill(code: string, level: string): void {
    if (!code || !LEVELS.includes(level)) return
    const query = new URLSearchParams(this.filter)
    query.set('area', code)
    location.assign(`${this.dataset['page']}?${query.toString()}`)
  }

  private component(at: [number, number], hit: maplibregl.MapGeoJSONFeature): void {
    const box = element('div', { class: 'map-popup' })
    const address = (this.dataset['component'] ?? '').replace('/0', `/${String(hit.id)}`)
    box.append(element('a', { href: address }, String(hit.properties['name'])), element('br'), element('span', { class: 'quiet' }, String(hit.properties['code'])))
    new maplibregl.Popup({ maxWidth: '320px' }).setLngLat(at).setDOMContent(box).addTo(this.map)
  }

  private async popup(at: [number, number]): Promise<void> {
    const query = new URLSearchParams(this.filter)
    query.delete('look')
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
    for (const part of ['.map-page .figures', '.list-side', '.map-bands']) {
      const [old, made] = [one(part), fresh.querySelector(part)]
      if (old && made && !old.contains(document.activeElement)) old.replaceWith(document.adoptNode(made))
    }
  }
}

function canDraw(): boolean {
  try {
    return Boolean(document.createElement('canvas').getContext('webgl2'))
  } catch {
    return false
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
