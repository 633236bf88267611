/** Stylesheets that are loaded with the code that needs them; Vite reads them. */
declare module "*.css";
