'use client';

import { activeSession, resumeSession, signUpWithRecoveryPhrase } from '@MaiaOS/kernel';
import { useReadable } from '@MaiaOS/kernel/react';
import { useEffect } from 'react';
import { App } from './App.tsx';

// Next puts the value in the build. Without it, the relay is where the page is.
globalThis.PUBLIC_API_DOMAIN = process.env['NEXT_PUBLIC_API_DOMAIN'];

export default function Page() {
  const session = useReadable(activeSession);
  useEffect(() => void resumeSession(), []);
  return (
    <>
      {!session && <button onClick={() => void signUpWithRecoveryPhrase()}>Use a phrase</button>}
      <App />
    </>
  );
}
