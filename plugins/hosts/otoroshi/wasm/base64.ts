/** Base64 that Otoroshi gives, as text. */
import { utf8Text } from './utf8.ts';

declare const atob: (text: string) => string;

export const base64Text = (text: string): string => utf8Text(atob(text), false);
