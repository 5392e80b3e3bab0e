



one
