// <public-map>: the map for everybody, coarse cells over the boundaries. Without it the drawing and the table remain.
import * as maplibregl from 'maplibre-gl'
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import { all } from './dom'
import { ink } from './mapareas'
import { addBase, type Base } from './mapbase'
import { canDraw, drawnIn } from './mapcanvas'

interface Config {
  bounds: [number, number, number, number] | null
  most: number
  base: Base
  bands: Record<string, Record<string, number>>
}

class PublicMap extends HTMLElement {
  private map: maplibregl.Map | null = null
  private bands: Config['bands'] = {}

  connectedCallback(): void {
    const config = JSON.parse(this.dataset['config'] ?? '{}') as Config
    if (this.map || !config.bounds || !canDraw()) return
    this.bands = config.bands
    try {
      this.map = drawnIn(this, { version: 8, sources: this.sources(config.most), layers: layers() }, config.bounds)
    } catch {
      this.classList.remove('map-awake')
      return
    }
    this.map.once('load', () => {
      addBase(this.map!, config.base, 'districts')
      this.buttons()
      this.show('open')
      this.dataset['ready'] = ''
      this.map!.on('idle', () => (this.dataset['drawn'] = ''))
    })
  }

  private sources(most: number): Record<string, maplibregl.VectorSourceSpecification> {
    const tiles = (layer: string) => [`${location.origin}${this.dataset['tiles'] ?? '/tiles/'}${layer}/{z}/{x}/{y}.mvt`]
    return {
      areas: { type: 'vector', tiles: tiles('areas'), maxzoom: 15 },
      matters: { type: 'vector', tiles: tiles('public'), maxzoom: most },
    }
  }

  private buttons(): void {
    const shown = all('[data-show]', this)
    for (const each of all('.map-looks', this)) each.hidden = false
    for (const button of shown) {
      button.addEventListener('click', () => {
        for (const each of shown) each.setAttribute('aria-pressed', String(each === button))
        this.show(button.dataset['show'] ?? 'open')
      })
    }
  }

  private show(what: string): void {
    for (const layer of ['cells', 'cell-numbers']) this.map?.setFilter(layer, ['>', ['get', what], 0])
    const shades = Object.entries(this.bands[what] ?? {}).flatMap(([id, band]) => [Number(id), 0.02 + 0.09 * band])
    if (shades.length) this.map?.setPaintProperty('districts', 'fill-opacity', ['match', ['id'], ...shades, 0.02] as unknown as ExpressionSpecification)
    const n: ExpressionSpecification = ['get', what]
    this.map?.setPaintProperty('cells', 'circle-radius', ['interpolate', ['linear'], ['log10', ['+', n, 1]], 0.7, 10, 2, 16, 4, 30])
    this.map?.setPaintProperty('cells', 'circle-opacity', what === 'open' ? 0.86 : 0.6)
    this.map?.setLayoutProperty('cell-numbers', 'text-field', ['to-string', n])
  }
}

function layers(): LayerSpecification[] {
  const text = { 'text-font': ['sans-serif'], 'text-size': 12 }
  const line = (level: string, width: number): LayerSpecification => ({
    id: `line-${level}`, type: 'line', source: 'areas', 'source-layer': 'areas', filter: ['==', ['get', 'level'], level],
    paint: { 'line-color': ink('edge'), 'line-width': width, 'line-opacity': 0.8 },
  })
  return [
    { id: 'paper', type: 'background', paint: { 'background-color': ink('paper') } },
    { id: 'districts', type: 'fill', source: 'areas', 'source-layer': 'areas', filter: ['==', ['get', 'level'], 'district'], paint: { 'fill-color': ink('brand'), 'fill-opacity': 0.02 } },
    line('district', 1.6), line('subdistrict', 0.8),
    { id: 'cells', type: 'circle', source: 'matters', 'source-layer': 'matters', paint: { 'circle-color': ink('brand'), 'circle-stroke-color': ink('surface'), 'circle-stroke-width': 1.5 } },
    { id: 'cell-numbers', type: 'symbol', source: 'matters', 'source-layer': 'matters', layout: { ...text, 'text-allow-overlap': true, 'text-ignore-placement': true }, paint: { 'text-color': ink('surface') } },
    {
      id: 'names', type: 'symbol', source: 'areas', 'source-layer': 'names',
      filter: ['any', ['all', ['==', ['get', 'level'], 'district'], ['<', ['zoom'], 12]], ['all', ['==', ['get', 'level'], 'subdistrict'], ['>=', ['zoom'], 11]]],
      layout: { ...text, 'text-field': ['get', 'name'], 'text-size': 13, 'text-max-width': 7, 'text-offset': [0, 1.8] },
      paint: { 'text-color': ink('quiet'), 'text-halo-color': ink('paper'), 'text-halo-width': 1.5 },
    },
  ]
}

customElements.define('public-map', PublicMap)
