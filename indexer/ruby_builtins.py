"""Names of methods that Ruby's own classes have: a method of that name is never guessed.

All that Ruby 3.1 has with the parts of its library that are taken in everywhere (set, stringio, uri, pathname, time,
json, tempfile, socket, delegate), as `instance_methods` and `singleton_methods` tell them.
"""

from __future__ import annotations

from bridle.indexer.languages.trees import words

BUILT_IN = words(
    """
    abort abort_on_exception abs abs2 absolute absolute? absolute_path absolute_path? accept accept_loop
    accept_nonblock acos acosh add add? add_trace_func add_trailing_separator addr advise afamily ajd alias_method
    aliases alive? all? all_symbols allbits? allocate allow_reentry amjd ancestors angle any? anybits? append
    append_features arg args argv argv0 arity as_json ascend ascii_compatible? ascii_only? asciicompat_encoding
    asctime asin asinh assoc at_exit atan atan2 atanh atime attr attr_accessor attr_reader attr_writer attributes
    authority auto_compact autoclose? autoload autoload? backtrace backtrace_locations base_label basename begin
    between? bind bind_call binding binmode binmode? binread binwrite birthtime bit_length blksize block_given!
    block_given? blockdev? blocking? blocks bool broadaddr broadcast bsearch bsearch_index build build2
    build_path_query byte bytes bytesize byteslice call callee_id caller caller_locations canonname capitalize
    capitalize! captures casecmp casecmp? casefold? catch cause cbrt ceil center chain change_privilege chardev?
    chars chdir check_headers check_host check_opaque check_password check_path check_port check_registry
    check_scheme check_to check_typecode check_user check_userinfo children chmod chomp chomp! chop chop!
    chop_basename chown chr chroot chunk chunk_while civil clamp class class! class_eval class_exec
    class_variable_defined? class_variable_get class_variable_set class_variables classify cleanpath
    cleanpath_aggressive cleanpath_conservative clear clock_getres clock_gettime clone clone! close close!
    close_incoming close_on_exec? close_outgoing close_read close_write closed? closed_read? closed_write? cmsg_is?
    codepoints coerce collect collect! collect_concat combination commercial compact compact! compare_by_identity
    compare_by_identity? compatible? compile component component_ary concat conj conjugate connect connect_address
    connect_from connect_internal connect_nonblock connect_to const_defined? const_get const_missing const_set
    const_source_location constants convert convert_to_uri convpath copy copy_stream coredump? cos cosh count
    count_objects cover? create create_fast_state create_id create_pretty_state crypt cstime ctime current
    current_scheduler curry cutime cwday cweek cwyear cycle daemon data day day_fraction decode_www_form
    decode_www_form_component deconstruct deconstruct_keys deep_const_get default default_external default_internal
    default_port default_proc default_regexp define_finalizer define_method define_singleton_method
    define_singleton_method! defined_class del_trailing_separator delegating_block delete delete! delete? delete_at
    delete_field delete_field! delete_if delete_prefix delete_prefix! delete_suffix delete_suffix! denominator
    deprecate_constant deq descend destination_encoding destination_encoding_name detach detect dev dev_major
    dev_minor difference dig dig! digits directory? dirname disable disjoint? display display! div divide divmod
    do_not_reverse_lookup do_with_enum downcase downcase! downto drop drop_while dst? dstaddr dummy? dump
    dump_default_options dup dup! each each_byte each_char each_child each_codepoint each_cons each_entry
    each_filename each_grapheme_cluster each_index each_key each_line each_object each_pair each_pair! each_slice
    each_value each_with_index each_with_object eager egid eid empty? enable enabled? enclose enclosed? encode
    encode! encode_with encode_with! encode_www_form encode_www_form_component encoding end end_with? england enq
    entries enum_for enum_for! eof eof? eql? equal? erf erfc errno error_bytes error_char escape escape_userpass
    euid eval eval_script even? event except exception exclude_end? exec executable? executable_real? exist? exists?
    exit exit! exit_value exited? exitstatus exp expand expand_path extend extend! extend_object extended extensions
    external? external_encoding extname extract fail family family_addrinfo fast_generate fast_unparse fcntl
    fdatasync fdiv feed fetch fetch_values file file? filename fileno fill filter filter! filter_map find find_all
    find_index find_proxy finish finite? fire_update! first fixed_encoding? flags flat_map flatten flatten!
    flatten_merge flock floor flush fnmatch fnmatch? for for_fd force force_encoding foreach fork format fragment
    free freeze freeze! frexp friday? from_hash from_name from_time frozen? fsync ftype full_message gamma
    garbage_collect gcd gcdlcm gem gem_original_require generate generator get_encoding get_string get_value
    getaddress getaddrinfo getbyte getc getegid geteuid getgid getgm gethostbyaddr gethostbyname gethostname
    getifaddrs getlocal getnameinfo getpeereid getpeername getpgid getpgrp getpriority getrlimit gets getservbyname
    getservbyport getsid getsockname getsockopt getuid getutc getwd gid glob global_variables gmt? gmt_offset gmtime
    gmtoff grant_privilege grapheme_clusters gregorian gregorian? gregorian_leap? grep grep_v group group_by groups
    grpowned? gsub gsub! handle_interrupt has_key? has_trailing_separator? has_value? hash hash! headers hex hexdump
    hierarchical? home host hostname hour httpdate hypot iconv id2name identical? ifindex ignore_deadlock imag
    imaginary import_methods include include? included included_modules incomplete_input? index infinite? inherited
    init_with init_with! initgroups initialize initialize_clone initialize_copy initialize_dup initialize_pattern
    initialize_regexp inject ino inplace_mode insert insert_output inspect inspect! inspect_sockaddr instance_eval
    instance_eval! instance_exec instance_exec! instance_method instance_methods instance_of?
    instance_variable_defined? instance_variable_get instance_variable_get! instance_variable_set
    instance_variable_set! instance_variables instance_variables! instruction_sequence int integer? intern internal?
    internal_encoding intersect? intersection invert ioctl ip? ip_address ip_address_list ip_pktinfo ip_port
    ip_unpack ipv4? ipv4_loopback? ipv4_multicast? ipv4_multicast_loop ipv4_multicast_ttl ipv4_private? ipv6?
    ipv6_linklocal? ipv6_loopback? ipv6_mc_global? ipv6_mc_linklocal? ipv6_mc_nodelocal? ipv6_mc_orglocal?
    ipv6_mc_sitelocal? ipv6_multicast? ipv6_pktinfo ipv6_pktinfo_addr ipv6_pktinfo_ifindex ipv6_sitelocal?
    ipv6_to_ipv4 ipv6_unique_local? ipv6_unspecified? ipv6_v4compat? ipv6_v4mapped? ipv6only! irb is_a?
    is_method_protected! isatty isdst iso8601 issetugid italy iterator? itself itself! jisx0301 join json_creatable?
    json_create julian julian? julian_leap? keep_if key key? keys keyword_init? kill kind_of? label lambda lambda?
    last last_error last_match last_status latest_compact_info latest_gc_info lazy lchmod lchown lcm ldexp leap?
    left length level lgamma limit lineno lines linger link list listen ljust load load_default_options load_file
    load_file! local local_address local_variable_defined? local_variable_get local_variable_set local_variables
    locale_charmap localtime lock locked locked? log log10 log2 loop lstat lstrip lstrip! lutime magnitude main
    make_components_hash make_link make_regexp make_shareable make_symlink map map! mapped? marshal_dump
    marshal_dump! marshal_load match match? match_length matchee max max_by maxgroups mday measure_total_time
    member? members merge merge! merge_path message method method! method_added method_defined? method_id
    method_missing method_removed method_undefined methods methods! min min_by minmax minmax_by minute mjd mkdir
    mkfifo mkpath mktime mktmpdir mode module_eval module_exec module_function modulo mon monday? month mountpoint?
    mtime name name_list named_captures names nan? native_thread_id negative? nesting netmask new new2 new_offset
    new_ostruct_member! new_seed new_start next next! next_day next_float next_month next_values next_year nil?
    nlink nobits? none? nonzero? normalize normalize! now nread nsec null? num_waiting numerator object_id
    object_id! oct odd? offset one? opaque open opendir options optname ord ordinal origin original_name owned?
    owner p pack pack_sockaddr_in pack_sockaddr_un pair parameters parent parse parse! parse_dn parse_query parser
    partition pass password path pathconf pattern peek peek_values peeraddr pending_interrupt? permutation pfamily
    phase pid pipe pipe? plus polar pop popen port pos positive? post_match pow pp ppid pre_match pread pred prepend
    prepend_features prepend_prefix prepended pretty_generate pretty_print pretty_print_cycle pretty_unparse
    prev_day prev_float prev_month prev_year primitive_convert primitive_errinfo print printf priority private
    private? private_call? private_class_method private_constant private_instance_methods private_method_defined?
    private_methods private_methods! proc produce product proper_subset? proper_superset? protected protected?
    protected_instance_methods protected_method_defined? protected_methods protected_methods! protocol public
    public? public_api public_class_method public_constant public_instance_method public_instance_methods
    public_method public_method! public_method_defined? public_methods public_methods! public_send public_send! push
    putback putc puts pwd pwrite query quo quote ractor raise raise! raised_exception rand rassoc rationalize
    raw_data rdev rdev_major rdev_minor re_exchange re_exchangeable? read read_nonblock readable? readable_real?
    readagain_bytes readbyte readchar readline readlines readlink readonly? readpartial ready? real real?
    realdirpath realpath reason receive receive_if receiver rect rectangular recurse_proc recv recv_io recv_nonblock
    recvfrom recvfrom_nonblock recvmsg recvmsg_nonblock reduce refine regexp register_scheme registry rehash reject
    reject! relative? relative_path_from remainder remote_address remove_class_variable remove_const
    remove_instance_variable remove_instance_variable! remove_method rename reopen repeated_combination
    repeated_permutation replace replace! replacement replicate reply report report_on_exception request_uri require
    require_relative reset resize respond_to? respond_to_missing? restore result resume return_value reverse
    reverse! reverse_each rewind rfc2822 rfc3339 rfc822 rid rindex rjust rmdir rmtree root? rotate rotate! round
    route_from route_from0 route_from_path route_to rpartition rstrip rstrip! ruby ruby2_keywords
    ruby2_keywords_hash ruby2_keywords_hash? run sample saturday? scan schedule scheduler scheme scheme_list scope
    scrub scrub! search_convpath sec sec_fraction second second_fraction seed seek select select! self send send!
    send_io sendmsg sendmsg_nonblock set_attributes set_backtrace set_dn set_encoding set_encoding_by_bom
    set_extensions set_filter set_headers set_host set_opaque set_ostruct_member_value! set_password set_path
    set_port set_registry set_scheduler set_scheme set_scope set_string set_to set_trace_func set_typecode set_user
    set_userinfo set_value setbyte setegid seteuid setgid setgid? setpgid setpgrp setpriority setproctitle setregid
    setresgid setresuid setreuid setrgid setrlimit setruid setsid setsockopt setuid setuid? shareable? shift shuffle
    shuffle! shutdown sid_available? signal signaled? signame signm signo sin singleton_class singleton_class!
    singleton_class? singleton_method singleton_method! singleton_method_added singleton_method_removed
    singleton_method_undefined singleton_methods singleton_methods! sinh size size? skip sleep slice slice!
    slice_after slice_before slice_when sockaddr_in sockaddr_un socket? socketpair socktype sort sort! sort_by
    sort_by! source source_encoding source_encoding_name source_location spawn split split_names split_path
    split_userinfo sprintf sqrt squeeze squeeze! srand start start_with? stat state status step sticky? stime stop
    stop? stopped? stopsig store stress strftime string strip strip! strptime sub sub! sub_ext subclasses subsec
    subset? subtract succ succ! success? sum sunday? super_method superclass superset? swapcase swapcase! switch
    symlink symlink? sync synchronize sysaccept syscall sysopen sysread sysseek system syswrite table table! tag
    taint taint! tainted? take take_while tally tan tanh tap tap! target_respond_to? tcp tcp_server_loop
    tcp_server_sockets tell terminate termsig test then then! thread_variable? thread_variable_get
    thread_variable_set thread_variables throw thursday? times timestamp tmpdir to_a to_ary to_c to_date to_datetime
    to_enum to_enum! to_f to_h to_h! to_hash to_i to_int to_io to_json to_mailtext to_path to_proc to_r
    to_rfc822text to_s to_s! to_set to_sockaddr to_str to_sym to_time to_tty? to_write_io today total_time tr! tr_s
    tr_s! trace trace_var transfer transform_keys transform_keys! transform_values transform_values! transpose trap
    truncate trust trust! try_convert try_lock tty? tuesday? tv_nsec tv_sec tv_usec type typecode udp
    udp_server_loop udp_server_loop_on udp_server_recv udp_server_sockets uid umask unbind undef_method
    undefine_finalizer undump unescape ungetbyte ungetc unicode_normalize unicode_normalize! unicode_normalized?
    union uniq uniq! unix unix? unix_path unix_rights unix_server_loop unix_server_socket unlink unlock unpack
    unpack1 unpack_sockaddr_in unpack_sockaddr_un unparse unshift untaint untaint! untrace_var untrust untrust!
    untrusted? upcase upcase! update update_to_values! upto urandom use_proxy? use_registry usec used_modules user
    userinfo using using_rvargc? utc utc? utc_offset utime valid? valid_civil? valid_commercial? valid_date?
    valid_encoding? valid_jd? valid_ordinal? value value? values values_at verify_compaction_references
    verify_internal_consistency verify_transient_heap_internal_consistency wait wait2 wait_priority wait_readable
    wait_writable waitall waitpid waitpid2 wakeup warn wday wednesday? with_index with_object world_readable?
    world_writable? wrap writable? writable_real? write write_nonblock xmlschema yday year yield yield_self
    yield_self! zero? zip zone zone_offset
    """
)
