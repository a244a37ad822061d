/** Gives text that the style sheet truncates (`.cut`) its full text as a title while it is truncated. */
export function titleCutText(panel: HTMLElement): () => void {
  const titled = new WeakSet<Element>();

  function onpointerover({ target }: PointerEvent): void {
    const text = target instanceof Element ? target.closest<HTMLElement>('.cut') : null;
    if (!text || (text.title !== '' && !titled.has(text))) return;
    if (text.scrollWidth <= text.clientWidth) return text.removeAttribute('title');
    titled.add(text);
    text.title = text.textContent.trim().replaceAll(/\s+/g, ' ');
  }

  panel.addEventListener('pointerover', onpointerover);
  return () => panel.removeEventListener('pointerover', onpointerover);
}
