/**
 * A text of another machine without line breaks, and without the control characters that reverse its order or command the
 * terminal that a log is shown in. People read it in the panel, in errors and in logs.
 */
export function oneLine(text: string): string {
  return text.replaceAll(/[\s\p{C}]+/gu, ' ');
}
