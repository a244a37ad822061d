/** Says in words how it went: a page without a secure context, or without the focus, may not copy. */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'This page may not copy: select the id in the details instead';
  }
}
