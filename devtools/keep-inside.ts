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

/** Hides the panel's events from the app's "click outside" handlers, shortcuts and focus traps. */
export function keepInside(host: HTMLElement, signal: AbortSignal): void {
  for (const type of eventTypes) {
    host.addEventListener(type, (event) => event.stopPropagation(), { signal, passive: true });
  }
}
