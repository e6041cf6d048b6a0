// The canvas on which a map is drawn: MapLibre in a box of its element, with the words and the manners of our pages.
import * as maplibregl from 'maplibre-gl'
import type { StyleSpecification } from 'maplibre-gl'
import { element, words } from './dom'

const FONT = '"PingFang SC", "HarmonyOS Sans SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif'

export function canDraw(): boolean {
  try {
    return Boolean(document.createElement('canvas').getContext('webgl2'))
  } catch {
    return false
  }
}

/** A map of `bounds` within an element; the element is marked as awake, which hides its drawing. */
export function drawnIn(host: HTMLElement, style: StyleSpecification, bounds: [number, number, number, number]): maplibregl.Map {
  const box = element('div', { class: 'map-canvas' })
  host.append(box)
  host.classList.add('map-awake')
  maplibregl.setWorkerUrl(new URL(host.dataset['worker'] ?? '', location.href).href)
  const still = matchMedia('(prefers-reduced-motion: reduce)').matches
  const map = new maplibregl.Map({
    container: box,
    style,
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
      'Map.Title': words(host, 'label'),
      'NavigationControl.ZoomIn': words(host, 'zoom-in'),
      'NavigationControl.ZoomOut': words(host, 'zoom-out'),
      'Popup.Close': words(host, 'close'),
    },
  })
  map.touchZoomRotate.disableRotation()
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), 'top-right')
  map.addControl(new maplibregl.ScaleControl({ unit: 'metric' }), 'bottom-left')
  return map
}
