const eventTypes = [
  'click',
  'dblclick',
  'auxclick',
  'contextmenu',
  'pointerdown',
  'pointerup',
  'mousedown',
  'mouseup',
  'touchstart',
  'touchend',
  'keydown',
  'keyup',
  'keypress',
  'input',
  'beforeinput',
  'change',
  'focusin',
  'focusout',
  'wheel',
  'paste',
  'copy',
  'cut',
] as const;

/** What a person does in the panel is not the app's business: its "click outside", shortcuts and focus traps stay asleep. */
export function keepInside(host: HTMLElement, signal: AbortSignal): void {
  for (const type of eventTypes) {
    host.addEventListener(type, (event) => event.stopPropagation(), { signal, passive: true });
  }
}
