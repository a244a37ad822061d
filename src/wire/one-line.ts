/**
 * A text from another machine without line breaks, and without the control characters that reverse its order or control the
 * terminal that shows a log. People read such text in the panel, in errors and in logs.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ');
}

/**
 * Hides words of a refusal that may be a token, a proof, a nonce or a signature: the relay may quote what it refuses. Names of
 * CoValues and sessions stay.
 */
export function withoutSecrets(reason: string): string {
  return reason.replaceAll(/(?<!\S)(?!co_z)\S{40,}/g, '…');
}
