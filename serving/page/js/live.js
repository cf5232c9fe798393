// The stream of news: connects, notices silence, and connects again from where it stopped.

const SILENCE = 15_000; // [ms]: three heartbeats
const LONGEST = 20_000; // [ms] between two tries

export class Live {
  /** `heard` takes "news" and "beat" with what they say; `changed` takes the state, `refused` a missing token. */
  constructor({ heard, changed, probe }) {
    Object.assign(this, { heard, changed, probe });
    this.wait = 1_000;
    addEventListener("offline", () => this.pause("offline"));
    addEventListener("online", () => this.again(0));
    document.addEventListener("visibilitychange", () => !document.hidden && this.state !== "live" && this.again(0));
  }

  start(seen) {
    this.seen = seen ?? this.seen;
    this.close();
    this.changed((this.state = "connecting"));
    const source = new EventSource(`/page/stream?seen=${encodeURIComponent(this.seen)}`);
    this.source = source;
    for (const name of ["news", "beat"]) source.addEventListener(name, (event) => this.take(name, event));
    source.addEventListener("error", () => this.pause("waiting"));
    this.watch();
  }

  take(name, event) {
    this.seen = event.lastEventId || this.seen;
    this.wait = 1_000;
    if (this.state !== "live") this.changed((this.state = "live"));
    this.watch();
    this.heard(name, JSON.parse(event.data));
  }

  watch() {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.pause("waiting"), SILENCE);
  }

  pause(state) {
    this.close();
    this.changed((this.state = navigator.onLine ? state : "offline"));
    if (navigator.onLine) this.again(this.wait);
    this.wait = Math.min(this.wait * 2, LONGEST);
  }

  /** Try again after a while: first with a plain request, for a stream does not say why it is refused. */
  again(wait) {
    clearTimeout(this.timer);
    this.timer = setTimeout(async () => ((await this.probe()) ? this.start() : this.pause("waiting")), wait);
  }

  close() {
    clearTimeout(this.timer);
    this.source?.close();
  }
}
