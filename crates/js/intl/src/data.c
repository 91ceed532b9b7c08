// ICU's data; ICU finds it by this name.
_Alignas(16) const unsigned char icudt78_dat[] = {
#embed "icudt78.dat"
};
