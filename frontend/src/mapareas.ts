// The areas of the map, coloured: by matters, by an indicator, or day by day. Few are hatched instead of coloured.
import * as maplibregl from 'maplibre-gl'
import type { ExpressionSpecification, FilterSpecification, LayerSpecification } from 'maplibre-gl'
import { element, words } from './dom'

export interface Said {
  band: number
  few?: boolean
  words?: string
  sample?: string
  compared?: string
  url?: string
}

const HATCH = 8 // pixels of the pattern

export class Areas {
  private level = ''
  private kind = 'matters'
  private said: Record<string, Said> = {}
  shown = false

  constructor(
    private host: HTMLElement,
    private map: maplibregl.Map,
  ) {
    map.addImage('hatch', hatched(ink('edge')), { pixelRatio: 2 })
    map.addLayer(
      { id: 'areas-few', type: 'fill', source: 'areas', 'source-layer': 'areas', filter: ['==', ['get', 'level'], ''], paint: { 'fill-pattern': 'hatch' } } as LayerSpecification,
      'line-grid',
    )
  }

  /** Ask what colours them at an address, and paint it. */
  async ask(address: string): Promise<void> {
    const answer = await fetch(address).catch(() => null)
    if (!answer?.ok) return
    const found = (await answer.json()) as { level: string; kind: string; areas: Record<string, Said> }
    this.paint(found.level, found.kind, found.areas)
  }

  paint(level: string, kind: string, said: Record<string, Said>): void {
    const place = (id: string) => ({ source: 'areas', sourceLayer: 'areas', id: Number(id) })
    for (const id of Object.keys(this.said)) if (!(id in said)) this.map.removeFeatureState(place(id))
    for (const [id, { band, few }] of Object.entries(said)) this.map.setFeatureState(place(id), { band: few ? 0 : band })
    Object.assign(this, { level, kind, said })
    this.show(this.shown)
  }

  show(shown: boolean): void {
    this.shown = shown
    const level: ExpressionSpecification = ['==', ['get', 'level'], shown ? this.level : '']
    const few = Object.entries(this.said).filter(([, each]) => each.few).map(([id]) => Number(id))
    this.map.setFilter('areas-fill', level)
    this.map.setFilter('areas-few', ['all', level, ['in', ['id'], ['literal', few]]] as FilterSpecification)
  }

  /** A click on an area that an indicator colours says the figure and leads to its matters; false for all else. */
  opened(at: [number, number], id: string, name: string, drill: string): boolean {
    const said = this.said[id]
    if (!this.shown || this.kind !== 'indicator' || !said?.url) return false
    const box = element('div', { class: 'map-popup' })
    box.append(element('b', {}, name), ` ${said.words ?? ''}`)
    if (said.sample) box.append(element('span', { class: 'quiet' }, ` ${said.sample}`))
    if (said.compared) box.append(element('br'), element('span', { class: 'quiet' }, said.compared))
    const list = element('ul')
    for (const [url, text] of [[said.url, words(this.host, 'behind')], [drill, words(this.host, 'drill', { name })]] as const) {
      const item = element('li')
      item.append(element('a', { href: url }, text))
      list.append(item)
    }
    box.append(list)
    new maplibregl.Popup({ maxWidth: '320px' }).setLngLat(at).setDOMContent(box).addTo(this.map)
    return true
  }
}

export function ink(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
}

function hatched(colour: string): ImageData {
  const side = HATCH * 2
  const canvas = Object.assign(document.createElement('canvas'), { width: side, height: side })
  const brush = canvas.getContext('2d')
  if (!brush) return new ImageData(side, side)
  brush.strokeStyle = colour
  brush.lineWidth = 2
  for (const from of [-side, 0, side]) {
    brush.beginPath()
    brush.moveTo(from, side)
    brush.lineTo(from + side, 0)
    brush.stroke()
  }
  return brush.getImageData(0, 0, side, side)
}
