// How matters stood at the end of a day: a slider over the last days, by hand, by the arrow keys or playing by itself.
import type { Areas, Said } from './mapareas'
import { one, words } from './dom'

interface Days {
  level: string
  days: string[]
  areas: Record<string, number[]>
  least: number[]
}

const STEP = 700 // milliseconds a day stays while it plays

export class DaySlider {
  private found: Days | null = null
  private timer = 0
  private input: HTMLInputElement
  private said: HTMLOutputElement
  private button: HTMLButtonElement

  /** `chosen` is told the day, "" for now, when somebody has come to rest on it. */
  constructor(
    private box: HTMLElement,
    private areas: Areas,
    private address: () => string,
    private moved: (past: boolean) => void,
    private chosen: (day: string) => void,
  ) {
    this.input = one<HTMLInputElement>('input', box)!
    this.said = one<HTMLOutputElement>('output', box)!
    this.button = one<HTMLButtonElement>('[data-play]', box)!
    this.input.addEventListener('input', () => void this.step())
    this.input.addEventListener('change', () => void this.rest())
    this.button.addEventListener('click', () => void this.play())
  }

  /** Begin at the day of the address. */
  async begin(day: string): Promise<void> {
    if (day && (await this.load())) {
      const at = this.found!.days.indexOf(day)
      this.input.value = String(at >= 0 ? at : this.now)
    }
    this.say(day)
  }

  private get now(): number {
    return Number(this.input.max)
  }

  private get day(): string {
    return this.found?.days[Number(this.input.value)] ?? ''
  }

  private async load(): Promise<boolean> {
    if (this.found) return true
    const answer = await fetch(this.address()).catch(() => null)
    if (!answer?.ok) return false
    this.found = (await answer.json()) as Days
    return true
  }

  private async step(): Promise<void> {
    if (!(await this.load()) || !this.found) return
    const { level, areas, least } = this.found
    const at = Number(this.input.value)
    if (this.day) {
      const said: Record<string, Said> = {}
      for (const [id, line] of Object.entries(areas)) {
        const n = line[at] ?? 0
        said[id] = { band: n <= 0 ? 0 : least.filter((each) => n >= each).length, words: String(n) }
      }
      this.areas.paint(level, 'day', said)
    }
    this.moved(Boolean(this.day))
    this.say(this.day)
  }

  private say(day: string): void {
    const at = this.found?.days.indexOf(day) ?? -1
    const total = at < 0 ? '' : ` · ${Object.values(this.found!.areas).reduce((sum, line) => sum + (line[at] ?? 0), 0)}`
    this.said.textContent = day ? `${day}${total}` : words(this.box, 'now')
    this.input.setAttribute('aria-valuetext', this.said.textContent)
  }

  private async rest(): Promise<void> {
    this.stop()
    if (await this.load()) this.chosen(this.day)
  }

  private async play(): Promise<void> {
    if (this.timer) return this.rest()
    if (!(await this.load())) return
    if (Number(this.input.value) >= this.now) this.input.value = '0'
    this.pressed(true)
    await this.step()
    this.timer = window.setInterval(() => {
      this.input.value = String(Number(this.input.value) + 1)
      void this.step()
      if (Number(this.input.value) >= this.now) void this.rest()
    }, STEP)
  }

  private stop(): void {
    window.clearInterval(this.timer)
    this.timer = 0
    this.pressed(false)
  }

  private pressed(on: boolean): void {
    this.button.setAttribute('aria-pressed', String(on))
    const text = one('span', this.button)
    if (text) text.textContent = words(this.box, on ? 'pause' : 'play')
  }
}
