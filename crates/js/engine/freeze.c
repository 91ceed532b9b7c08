/* Joins quickjs.c, see xtask/src/quickjs.rs.

   A login runs on a copy-on-write image of the started engine. Counting references to what stands in the image would
   write to almost every page that a login reads, and each first write costs a fault and a copy. So everything that is
   alive when the image is taken is frozen: its count says so and is neither raised nor lowered any more. The sandbox is
   thrown away after the login, so nothing has to be freed. */

/* What most logins add to the tables of the runtime. */
#define JS_RESERVED_ATOMS 4096
#define JS_RESERVED_SHAPES 1024
/* The most properties of a shape that costs little to copy. */
#define JS_SMALL_SHAPE 8

/* Makes room in the tables of atoms and shapes. A table that grows in a login is written as a whole. Called before the heap is
   closed; without memory, the tables stay as they are. */
void JS_ReserveTables(JSRuntime *rt)
{
    uint32_t i, size = rt->atom_size, new_size = size + JS_RESERVED_ATOMS;
    JSAtomStruct **array = js_realloc_rt(rt, rt->atom_array, sizeof(*array) * new_size);

    if (!array)
        return;
    rt->atom_array = array;
    rt->atom_size = new_size;
    /* Taken in this order, so that they lie close together. */
    for (i = size; i < new_size; i++)
        array[i] = atom_set_free(i + 1 < new_size ? i + 1 : rt->atom_free_index);
    rt->atom_free_index = size;
    if (rt->atom_count + JS_RESERVED_ATOMS >= rt->atom_count_resize)
        JS_ResizeAtomHash(rt, rt->atom_hash_size * 2);
    if (2 * (rt->shape_hash_count + JS_RESERVED_SHAPES) > rt->shape_hash_size)
        resize_shape_hash(rt, rt->shape_hash_bits + 1);
}

static void freeze_block(JSMallocBlockHeader *block)
{
    /* A shape that only one object has is changed in place; frozen, it would be copied first. That is dear for large ones. A small one may
       be that of a login's objects, which count it. */
    if (block->gc_obj_type == JS_GC_OBJ_TYPE_SHAPE && block->ref_count == 1) {
        JSShape *sh = (JSShape *)block->user_data;
        if (!sh->is_hashed || sh->prop_count > JS_SMALL_SHAPE)
            return;
    }
    block->ref_count = JS_FROZEN | JS_FROZEN_MARGIN;
}

/* Nobody takes the free blocks of an arena any more: what they held is no part of the image. */
static void clear_free_blocks(JSArena *arena, int block_size)
{
    int block_index = arena->first_free_block;

    while (block_index != JS_ARENA_FREE_NIL) {
        JSMallocBlockHeader *block = arena_get_block(arena, block_index, block_size);
        block_index = block->u.free_next;
        memset(block, 0, block_size);
    }
}

/* Freezes all that the arenas hold and begins new ones. What lies below `end` is never given back. `used` is what the heap of a login
   holds. */
void JS_FreezeHeap(JSRuntime *rt, uint8_t *end, const size_t *used)
{
    int size_index, block_index;
    struct list_head *link;

    js_heap_used = used;
    for (size_index = 0; size_index < JS_ARENA_BLOCK_SIZE_COUNT; size_index++) {
        list_for_each(link, &rt->arena_state.arena_list[size_index]) {
            JSArena *arena = list_entry(link, JSArena, link);
            for (block_index = 0; block_index < arena->n_blocks; block_index++) {
                freeze_block(arena_get_block(arena, block_index, arena_block_sizes[size_index]));
            }
            clear_free_blocks(arena, arena_block_sizes[size_index]);
        }
        init_list_head(&rt->arena_state.arena_list[size_index]);
        init_list_head(&rt->arena_state.free_arena_list[size_index]);
    }
    js_frozen_end = end;
}
