// One entry at a time, as a plain script (no modules, no chunks): a page loads one file with `defer`, and the
// service worker must be a single file.
// htmx carries eval and Function for attributes that we never write (allowEval is off, the policy forbids them too):
// take them out, so that a search of the built files for either finds nothing.
const EVALUATIONS = [
  'return eval(str)',
  'return Function(conditionalSource)()',
  "func = new Function('event', code)",
  "return Function('event', 'return (' + str + ')').call(elt, event)",
  "return Function('return (' + str + ')').call(elt)",
]
const withoutEval = {
  name: 'without-eval',
  transform(code, id) {
    if (!id.includes('htmx.esm.js')) return null
    for (const each of EVALUATIONS) {
      if (!code.includes(each)) throw new Error(`htmx changed, look for: ${each}`)
      code = code.replace(each, "throw new Error('evaluation is off')")
    }
    if (/\beval\(|\bFunction\(/.test(code.replaceAll('isFunction(', ''))) throw new Error('htmx evaluates elsewhere too')
    return { code, map: null }
  },
}

export default (entry, name, out) => ({
  configFile: false,
  logLevel: 'warn',
  publicDir: false,
  plugins: [withoutEval],
  build: {
    outDir: out,
    emptyOutDir: false,
    target: ['chrome109', 'firefox115', 'safari15.4'],
    cssTarget: ['chrome109', 'firefox115', 'safari15.4'],
    minify: true,
    sourcemap: false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 2000,
    rollupOptions: {
      checks: { pluginTimings: false, emptyImportMeta: false },
      input: { [name]: entry },
      output: {
        format: entry.endsWith('.scss') ? 'es' : 'iife',
        entryFileNames: '[name].js',
        assetFileNames: (asset) => (asset.names?.some((each) => each.endsWith('.css')) ? 'app.css' : '[name][extname]'),
      },
    },
  },
  css: { preprocessorOptions: { scss: { loadPaths: ['node_modules'], quietDeps: true } } },
})
