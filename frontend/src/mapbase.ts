// The base map under the boundaries: picture tiles by an address, or a PMTiles file of pictures or of shapes.
import { addProtocol, type Map as MapLibre } from 'maplibre-gl'
import { PMTiles, Protocol } from 'pmtiles'

export interface Base {
  kind: string
  url: string
  labels: string
  most: number
}

const VECTOR = 1 // the type of tiles that a PMTiles file says it holds

export function addBase(map: MapLibre, base: Base, under: string): void {
  if (base.kind === 'tiles') {
    pictures(map, 'base', base.url, base.most, under)
    if (base.labels) pictures(map, 'base-labels', base.labels, base.most, under)
  } else if (base.kind === 'pmtiles') {
    void file(map, base, under)
  }
}

function pictures(map: MapLibre, name: string, url: string, most: number, under: string): void {
  map.addSource(name, {
    type: 'raster',
    tiles: [url.replace('{-y}', '{y}')],
    tileSize: 256,
    maxzoom: most,
    scheme: url.includes('{-y}') ? 'tms' : 'xyz',
  })
  map.addLayer({ id: name, type: 'raster', source: name, paint: { 'raster-saturation': -0.6, 'raster-opacity': 0.7 } }, under)
}

async function file(map: MapLibre, base: Base, under: string): Promise<void> {
  const protocol = new Protocol()
  addProtocol('pmtiles', protocol.tile)
  const archive = new PMTiles(base.url)
  protocol.add(archive)
  const header = await archive.getHeader()
  if (header.tileType !== VECTOR) {
    map.addSource('base', { type: 'raster', url: `pmtiles://${base.url}`, tileSize: 256 })
    map.addLayer({ id: 'base', type: 'raster', source: 'base', paint: { 'raster-saturation': -0.6, 'raster-opacity': 0.7 } }, under)
    return
  }
  map.addSource('base', { type: 'vector', url: `pmtiles://${base.url}` })
  const ink = (name: string) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim()
  const metadata = (await archive.getMetadata()) as { vector_layers?: { id: string }[] }
  for (const { id } of metadata.vector_layers ?? []) {
    map.addLayer({ id: `base-${id}-fill`, type: 'fill', source: 'base', 'source-layer': id, filter: ['==', ['geometry-type'], 'Polygon'], paint: { 'fill-color': ink('sunk'), 'fill-opacity': 0.6 } }, under)
    map.addLayer({ id: `base-${id}-line`, type: 'line', source: 'base', 'source-layer': id, filter: ['==', ['geometry-type'], 'LineString'], paint: { 'line-color': ink('rule'), 'line-width': 1 } }, under)
  }
}
