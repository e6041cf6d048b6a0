// <area-map src="…"> draws simplified outlines (GeoJSON, lon/lat) and lets a person tap a point; each tap goes nearer,
// so that a few taps reach a street corner without gestures. The lists beside it do the same for the keyboard.

type Ring = [number, number][]

interface Shape {
  code: string
  name: string
  rings: Ring[]
}

interface Feature {
  properties?: { code?: string; name?: string | Record<string, string> }
  geometry: { type: 'Polygon' | 'MultiPolygon'; coordinates: unknown }
}

const SVG = 'http://www.w3.org/2000/svg'
const DEEPEST = 200

function draw<K extends keyof SVGElementTagNameMap>(name: K, attributes: Record<string, string>): SVGElementTagNameMap[K] {
  const made = document.createElementNS(SVG, name)
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value)
  return made
}

class AreaMap extends HTMLElement {
  private shapes: Shape[] = []
  private field = { x: 0, y: 0, width: 1, height: 1 }
  private squeeze = 1 // a degree of longitude is shorter than one of latitude
  private svg = draw('svg', { role: 'img', preserveAspectRatio: 'xMidYMid meet' })
  private pin = draw('circle', { class: 'pin', r: '0' })
  private zoom = 1

  connectedCallback(): void {
    const source = this.getAttribute('src')
    if (!source || this.contains(this.svg)) return
    this.svg.setAttribute('aria-label', this.getAttribute('label') ?? '')
    this.append(this.svg)
    this.svg.addEventListener('click', (event) => this.tapped(event))
    void fetch(source, { headers: { Accept: 'application/json' } })
      .then((answer) => (answer.ok ? answer.json() : Promise.reject(new Error(String(answer.status)))))
      .then((body: { features?: Feature[] }) => this.show(body.features ?? []))
      .catch(() => this.remove()) // the lists and the address remain
  }

  private show(features: Feature[]): void {
    this.shapes = features.map((feature) => {
      const polygons = (feature.geometry.type === 'Polygon' ? [feature.geometry.coordinates] : feature.geometry.coordinates) as Ring[][]
      const name = feature.properties?.name ?? ''
      const language = document.documentElement.lang.toLowerCase()
      return {
        code: feature.properties?.code ?? '',
        name: typeof name === 'string' ? name : (name[language] ?? name['zh-hans'] ?? ''),
        rings: polygons.flat(),
      }
    })
    const points = this.shapes.flatMap((shape) => shape.rings.flat())
    if (!points.length) return this.remove()
    const lats = points.map(([, lat]) => lat)
    this.squeeze = Math.cos((((Math.min(...lats) + Math.max(...lats)) / 2) * Math.PI) / 180)
    const xs = points.map(([lon]) => lon * this.squeeze)
    const [left, right] = [Math.min(...xs), Math.max(...xs)]
    const [low, high] = [Math.min(...lats), Math.max(...lats)]
    const edge = Math.max(right - left, high - low) * 0.03
    this.field = { x: left - edge, y: -high - edge, width: right - left + 2 * edge, height: high - low + 2 * edge }
    for (const shape of this.shapes) {
      const d = shape.rings.map((ring) => `M${ring.map(([lon, lat]) => `${lon * this.squeeze} ${-lat}`).join('L')}Z`).join('')
      const path = draw('path', { d, class: 'area', 'fill-rule': 'evenodd', 'data-code': shape.code })
      const title = draw('title', {})
      title.textContent = shape.name
      path.append(title)
      this.svg.append(path)
    }
    this.svg.append(this.pin)
    this.look(this.field.x + this.field.width / 2, this.field.y + this.field.height / 2)
  }

  private look(x: number, y: number): void {
    const [width, height] = [this.field.width / this.zoom, this.field.height / this.zoom]
    this.svg.setAttribute('viewBox', `${x - width / 2} ${y - height / 2} ${width} ${height}`)
    this.pin.setAttribute('r', String(Math.max(width, height) * 0.012))
  }

  private tapped(event: MouseEvent): void {
    const matrix = this.svg.getScreenCTM()
    if (!matrix) return
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix.inverse())
    this.pin.setAttribute('cx', String(x))
    this.pin.setAttribute('cy', String(y))
    this.zoom = this.zoom >= DEEPEST ? DEEPEST : this.zoom * 3
    this.look(x, y)
    const code = event.target instanceof SVGPathElement ? (event.target.dataset['code'] ?? '') : ''
    this.mark(code)
    this.dispatchEvent(new CustomEvent('place', { bubbles: true, detail: { lon: x / this.squeeze, lat: -y, code } }))
  }

  private mark(code: string): void {
    for (const path of this.svg.querySelectorAll<SVGPathElement>('.area')) {
      path.classList.toggle('area-chosen', path.dataset['code'] === code && code !== '')
    }
  }

  /** Show the area of a list's choice; an empty code shows the whole again. */
  choose(code: string): void {
    this.mark(code)
    const path = Array.from(this.svg.querySelectorAll<SVGPathElement>('.area')).find((each) => each.dataset['code'] === code)
    if (!path && code) return // a level that this map does not draw
    const box = path?.getBBox() ?? this.field
    this.zoom = Math.min(this.field.width / (box.width * 1.2), this.field.height / (box.height * 1.2))
    if (!path) this.zoom = 1
    this.look(box.x + box.width / 2, box.y + box.height / 2)
  }
}

export function areaMap(): void {
  if (!customElements.get('area-map')) customElements.define('area-map', AreaMap)
}
