// Builds what src/civicloop/ui/static/ui/ holds: fixed names, no hashes, no times, so that two builds are equal byte
// for byte. The folder to write to is the environment variable OUT, else the room's own.
import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'vite'
import config from './vite.config.mjs'

const here = dirname(fileURLToPath(import.meta.url))
const out = resolve(process.env.OUT ?? join(here, '../src/civicloop/ui/static/ui'))
mkdirSync(out, { recursive: true })

for (const name of ['app', 'portal', 'field', 'desk', 'passkey', 'map', 'charts', 'sw']) {
  await build(config(join(here, 'src', `${name}.ts`), name, out))
}
await build(config(join(here, 'style', 'app.scss'), 'style', out))
rmSync(join(out, 'style.js'), { force: true })

// the map's worker and style sheet are MapLibre's own, without the map of the sources and the evaluation of plug-ins
const EVALUATES = 'globalThis.eval(n)'
const maplibre = join(here, 'node_modules/maplibre-gl/dist')
const worker = readFileSync(join(maplibre, 'maplibre-gl-worker.mjs'), 'utf8').replace(/\n\/\/# sourceMappingURL=.*\s*$/, '\n')
if (!worker.includes(EVALUATES)) throw new Error(`MapLibre changed, look for: ${EVALUATES}`)
writeFileSync(join(out, 'map-worker.js'), worker.replace(EVALUATES, 'void n'))
copyFileSync(join(maplibre, 'maplibre-gl.css'), join(out, 'map.css'))

// icons: the inner elements of each drawing on the list
const icons = {}
for (const name of readFileSync(join(here, 'icons.txt'), 'utf8').split('\n').filter(Boolean)) {
  const drawing = readFileSync(join(here, 'node_modules/@tabler/icons/icons/outline', `${name}.svg`), 'utf8')
  const shapes = drawing.match(/<(path|circle|rect|line|polyline|polygon|ellipse)[^>]*\/>/g) ?? []
  icons[name] = shapes.filter((shape) => !shape.includes('M0 0h24v24H0z')).map((shape) => shape.replace(/\s+/g, ' ')).join('')
}
writeFileSync(join(out, 'icons.json'), JSON.stringify(icons, null, 0).replaceAll('","', '",\n"') + '\n')

for (const name of ['LICENSES.txt', 'mark.svg', 'mark-192.png', 'mark-512.png', 'app.webmanifest']) {
  copyFileSync(join(here, 'public', name), join(out, name))
}
