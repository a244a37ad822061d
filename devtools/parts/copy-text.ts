/** Resolves to a message about the result. Copying needs a secure context and a focused page. */
export async function copyText(text: string): Promise<string> {
  try {
    await navigator.clipboard.writeText(text);
    return 'Copied';
  } catch {
    return 'The browser did not allow copying. Select and copy the text yourself.';
  }
}
