/** The theme of the screen being drawn, for any component. */
import { createContext, useContext } from 'react';
import { type Theme, themeFromEnvironment } from '../theme.ts';

export const ThemeContext = createContext<Theme>(themeFromEnvironment({}));

/** Gives the theme. */
export function useTheme(): Theme {
  return useContext(ThemeContext);
}
