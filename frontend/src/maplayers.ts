// What the map draws, from the paper up: areas, overlays, components, matters, names. Colours are the tokens of the page.
import type { ExpressionSpecification, LayerSpecification } from 'maplibre-gl'
import { ink } from './mapareas'

export function layers(from: number, stages: Record<string, string>, here: number): LayerSpecification[] {
  const [paper, surface, edge, quiet, brand, now] = ['paper', 'surface', 'edge', 'quiet', 'brand', 'now'].map(ink) as [string, string, string, string, string, string]
  const size: ExpressionSpecification = ['interpolate', ['linear'], ['log10', ['+', ['get', 'n'], 1]], 0.3, 9, 1, 13, 2, 18, 3, 24, 5, 36]
  const short: ExpressionSpecification = ['match', ['get', 'state'], ...Object.entries(stages).flat(), ['to-string', ['get', 'n']]] as unknown as ExpressionSpecification
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
    // the area that is looked at
    { id: 'line-here', type: 'line', source: 'areas', 'source-layer': 'areas', filter: ['==', ['id'], here], layout: { 'line-join': 'round' }, paint: { 'line-color': brand, 'line-width': 3.5, 'line-opacity': 0.75 } },
    { id: 'overlays', type: 'line', source: 'overlays', 'source-layer': 'areas', layout: { visibility: 'none' }, paint: { 'line-color': quiet, 'line-width': 1.5, 'line-dasharray': [3, 2] } },
    { id: 'components', type: 'circle', source: 'components', 'source-layer': 'components', layout: { visibility: 'none' }, paint: { 'circle-radius': 4, 'circle-color': ['case', ['==', ['get', 'state'], 'intact'], surface, now], 'circle-stroke-color': quiet, 'circle-stroke-width': 1.5 } },
    {
      id: 'heat', type: 'heatmap', source: 'cells', 'source-layer': 'matters',
      paint: {
        'heatmap-weight': ['interpolate', ['linear'], ['log10', ['+', ['get', 'n'], 1]], 0, 0, 0.3, 0.3, 1, 0.6, 3, 1], // a single one is seen, too
        'heatmap-radius': ['interpolate', ['linear'], ['zoom'], 6, 8, 15, 30],
        'heatmap-intensity': ['interpolate', ['linear'], ['zoom'], 6, 0.5, 15, 1.6],
        'heatmap-color': ['interpolate', ['linear'], ['heatmap-density'], 0, 'rgba(15,92,99,0)', 0.25, 'rgba(15,92,99,0.28)', 0.6, 'rgba(15,92,99,0.62)', 0.85, 'rgba(200,64,31,0.65)', 1, 'rgba(200,64,31,0.9)'],
        'heatmap-opacity': 0.85,
      },
    },
    {
      id: 'names', type: 'symbol', source: 'areas', 'source-layer': 'names',
      filter: ['any', ['all', ['==', ['get', 'level'], 'district'], ['<', ['zoom'], 11]], ['all', ['==', ['get', 'level'], 'subdistrict'], ['>=', ['zoom'], 10], ['<', ['zoom'], 14]], ['all', ['==', ['get', 'level'], 'community'], ['>=', ['zoom'], 13]]],
      layout: { ...text, 'text-field': ['get', 'name'], 'text-size': 13, 'text-max-width': 7, 'text-offset': [0, 1.6] },
      paint: { 'text-color': quiet, 'text-halo-color': paper, 'text-halo-width': 1.5 },
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
  ]
}
