/** Resolves to a message about the result. */
export async function copyText(text: string): Promise<string> {
  const isCopied = await tryToCopy(text, navigator);
  return isCopied ? 'Copied' : 'The browser did not allow copying. Select and copy the text yourself.';
}

/** False if the browser does not allow it: the navigator's window must have a secure context and the focus. */
export async function tryToCopy(text: string, { clipboard }: Navigator): Promise<boolean> {
  try {
    await clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}
