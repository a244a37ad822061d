import { type ErasedAtRelay } from '@MaiaOS/kernel';

/** Downloads them, because nobody can ask for them again once the account is gone. */
export function saveCertificates(erased: readonly ErasedAtRelay[]): void {
  if (erased.length === 0) return;
  const file = new Blob([`${JSON.stringify(erased, undefined, 2)}\n`], { type: 'application/json' });
  const link = document.createElement('a');
  link.href = URL.createObjectURL(file);
  link.download = 'erased-account.json';
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
