// What is heavy comes when it is wanted: `data-lazy` names a script that is fetched once something of it is near the eyes.
import { all } from './dom'

export function lazily(): void {
  for (const holder of all('[data-lazy]')) {
    const wanted = all('[data-chart]', holder)
    const fetchOnce = () => {
      watch.disconnect()
      if (all<HTMLScriptElement>('script').some((each) => each.src === new URL(holder.dataset['lazy'] ?? '', location.href).href)) return
      const script = document.createElement('script')
      script.src = holder.dataset['lazy'] ?? ''
      document.head.append(script)
    }
    const watch = new IntersectionObserver((seen) => seen.some((each) => each.isIntersecting) && fetchOnce(), { rootMargin: '400px' })
    for (const each of wanted) {
      if (each.parentElement) watch.observe(each.parentElement)
    }
  }
}
