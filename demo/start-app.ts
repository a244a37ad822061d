import { mount } from 'svelte';
import { type ArrivedInvite } from './address.ts';
import App from './App.svelte';
import './styles/tokens.css';
import './styles/base.css';
import './styles/controls.css';
import './styles/page.css';

export function startApp(arrived: ArrivedInvite | undefined): void {
  mount(App, { target: document.body, props: { arrived } });
}
