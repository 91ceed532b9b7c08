/* Joins quickjs.c, see xtask/src/quickjs.rs: what the bindings of Node's library need and QuickJS's interface lacks. */

/* A symbol that no reflection lists: V8's private symbols. */
JSValue JS_NewPrivateSymbol(JSContext *ctx, const char *description)
{
    JSValue symbol;
    JSAtom atom = JS_NewAtom(ctx, description);
    if (atom == JS_ATOM_NULL)
        return JS_EXCEPTION;
    symbol = JS_NewSymbolFromAtom(ctx, atom, JS_ATOM_TYPE_PRIVATE);
    JS_FreeAtom(ctx, atom);
    return symbol;
}

/* The entries that an iterator of a Map or Set has still to give, without moving it: a list, in which a key and its value
   are two elements if the iterator gives both. Undefined for every other value. */
JSValue JS_PreviewEntries(JSContext *ctx, JSValueConst iterator, bool *is_key_value)
{
    JSClassID class_id = JS_GetClassID(iterator);
    JSMapIteratorData *it;
    JSMapState *s;
    struct list_head *el;
    JSValue list;
    uint32_t count = 0;

    *is_key_value = false;
    if (class_id != JS_CLASS_MAP_ITERATOR && class_id != JS_CLASS_SET_ITERATOR)
        return JS_UNDEFINED;
    it = JS_GetOpaque(iterator, class_id);
    list = JS_NewArray(ctx);
    if (JS_IsException(list) || !it)
        return list;
    *is_key_value = it->kind == JS_ITERATOR_KIND_KEY_AND_VALUE;
    if (JS_IsUndefined(it->obj))
        return list;
    s = JS_GetOpaque(it->obj, class_id == JS_CLASS_MAP_ITERATOR ? JS_CLASS_MAP : JS_CLASS_SET);
    el = it->cur_record ? it->cur_record->link.next : s->records.next;
    for (; el != &s->records; el = el->next) {
        JSMapRecord *mr = list_entry(el, JSMapRecord, link);
        JSValueConst key = mr->key;
        JSValueConst value = class_id == JS_CLASS_MAP_ITERATOR ? mr->value : mr->key;
        if (mr->empty)
            continue;
        if (it->kind != JS_ITERATOR_KIND_VALUE && JS_SetPropertyUint32(ctx, list, count++, js_dup(key)) < 0)
            goto fail;
        if (it->kind != JS_ITERATOR_KIND_KEY && JS_SetPropertyUint32(ctx, list, count++, js_dup(value)) < 0)
            goto fail;
    }
    return list;
fail:
    JS_FreeValue(ctx, list);
    return JS_EXCEPTION;
}
